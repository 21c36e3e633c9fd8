//! Refuses JSON in which an object has a field twice, by one of its names or by both. Another reader
//! of the same text, such as a proxy, might use the other value.

use super::field;
use prost_reflect::{Kind, MessageDescriptor};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::{collections::HashSet, fmt};

/// Reads any value, and refuses duplicate fields.
#[derive(Clone, Debug)]
pub(super) struct Unique {
    /// The message that the value holds, if it is one of the contract.
    pub(super) message: Option<MessageDescriptor>,
}

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self.clone())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = fields.next_key::<String>()? {
            let field = self.message.as_ref().and_then(|it| field(it, &key));
            let message = field.as_ref().and_then(|field| match field.kind() {
                Kind::Message(message) if !field.is_map() => Some(message),
                _ => None,
            });
            fields.next_value_seed(Self { message })?;
            let name = field.map_or(key, |field| field.name().to_owned());
            if let Some(twice) = seen.replace(name) {
                return Err(A::Error::custom(format_args!(
                    "the field {twice:?} comes twice"
                )));
            }
        }
        Ok(())
    }
}
