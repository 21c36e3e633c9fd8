//! Typed ids, so that an id of one table is never used for another table.

use crate::page_tokens::RowId;
use std::fmt;

macro_rules! row_ids {
    ($($(#[$doc:meta])+ $name:ident;)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl RowId for $name {
            fn write(&self, token: &mut Vec<u8>) {
                self.0.write(token);
            }

            fn split(token: &[u8]) -> Option<(&[u8], Self)> {
                let (rest, id) = RowId::split(token)?;
                Some((rest, Self(id)))
            }
        }
    )+};
}

row_ids! {
    /// `users.id`.
    UserId;
    /// `partners.id`.
    PartnerId;
    /// `branches.id`.
    BranchId;
    /// `categories.id`.
    CategoryId;
    /// `services.id`.
    ServiceId;
    /// `pickup_option_types.id`.
    PickupOptionId;
    /// `requests.id`.
    PartnerRequestId;
}

/// The id of a session of auth-service (`user_sessions.session_id`): a version 4 UUID in its
/// lower-case form with hyphens. It is not a secret, because it gives no access without a signed
/// token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(uuid::Uuid);

impl SessionId {
    /// A new id from the operating system's random source.
    #[must_use]
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4())
    }

    /// Reads the canonical form only. With a second spelling, one session would have two keys in
    /// caches and indexes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = uuid::Uuid::try_parse(text).ok()?;
        (id.get_version_num() == 4 && id.hyphenated().to_string() == text).then_some(Self(id))
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_id_has_one_spelling() {
        let id = SessionId::random();
        assert_eq!(SessionId::parse(&id.to_string()), Some(id));
        assert_eq!(SessionId::parse(&id.to_string().to_uppercase()), None);
        assert_eq!(SessionId::parse(&id.to_string().replace('-', "")), None);
        assert_eq!(
            SessionId::parse("00000000-0000-1000-8000-000000000000"),
            None
        );
        assert_eq!(SessionId::parse(""), None);
    }
}
