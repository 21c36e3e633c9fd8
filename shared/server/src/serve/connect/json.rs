//! JSON, as ProtoJSON writes the messages of the contract. Unknown fields and unknown names of enums
//! are refused. Otherwise, a list with a misspelt filter would return everything.

mod unique;

use contract::errors::InvalidField;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use serde::Deserializer;
use serde_json::Value;
use serde_path_to_error::{Deserializer as Tracked, Path, Segment, Track};
use std::fmt::Write as _;
use tonic::codegen::Bytes;

/// The longest description of a problem, in characters. It may quote the caller's text.
const MAX_PROBLEM: usize = 200;

/// Reads a message. The error names the field that cannot be read. The name is empty if the field is
/// not known, or if the whole message cannot be read.
pub(super) fn read(
    json: &[u8],
    message: &MessageDescriptor,
) -> Result<DynamicMessage, InvalidField> {
    let unique = unique::Unique {
        message: Some(message.clone()),
    };
    tracked(json, |reader| reader.deserialize_any(unique))
        .and_then(|()| {
            tracked(json, |reader| {
                DynamicMessage::deserialize(message.clone(), reader)
            })
        })
        .map_err(|(path, error)| {
            let problem: String = error.to_string().chars().take(MAX_PROBLEM).collect();
            InvalidField::new(proto_path(&path, json, message), problem)
        })
}

/// Writes a message that is encoded in Protocol Buffers.
pub(super) fn write(
    message: Bytes,
    output: &MessageDescriptor,
) -> Result<Bytes, Box<dyn std::error::Error>> {
    let message = DynamicMessage::decode(output.clone(), message)?;
    Ok(serde_json::to_vec(&message)?.into())
}

type Reader<'json, 'a, 'b> =
    Tracked<'a, 'b, &'a mut serde_json::Deserializer<serde_json::de::SliceRead<'json>>>;

/// Reads the whole text. The error has the path to the value that could not be read.
fn tracked<'json, T>(
    json: &'json [u8],
    read: impl FnOnce(Reader<'json, '_, '_>) -> Result<T, serde_json::Error>,
) -> Result<T, (Path, serde_json::Error)> {
    let mut track = Track::new();
    let mut reader = serde_json::Deserializer::from_slice(json);
    let result = read(Tracked::new(&mut reader, &mut track));
    result
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| (track.path(), error))
}

/// The path with the fields' names in the proto files, as in all errors.
fn proto_path(path: &Path, json: &[u8], message: &MessageDescriptor) -> String {
    let mut named = String::new();
    let mut inside = Some(message.clone());
    let mut value = serde_json::from_slice(json).unwrap_or(Value::Null);
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                // a write to memory does not fail
                let _ = write!(named, "[{index}]");
                value = value.get_mut(index).map_or(Value::Null, Value::take);
            }
            Segment::Map { key } => {
                inside = add(&mut named, key, inside.as_ref());
                value = value.get_mut(key).map_or(Value::Null, Value::take);
            }
            Segment::Enum { .. } | Segment::Unknown => break,
        }
    }
    // for an unknown field, the path ends at the message that contains it
    if let (Some(message), Value::Object(fields)) = (inside, value) {
        let unknown = fields.keys().find(|key| field(&message, key).is_none());
        if let Some(key) = unknown {
            add(&mut named, key, None);
        }
    }
    named.chars().take(MAX_PROBLEM).collect()
}

/// Appends the name of a field. Returns the type of its value, if that is a message.
fn add(
    path: &mut String,
    key: &str,
    message: Option<&MessageDescriptor>,
) -> Option<MessageDescriptor> {
    let field = message.and_then(|message| field(message, key));
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(field.as_ref().map_or(key, |field| field.name()));
    match field?.kind() {
        Kind::Message(message) => Some(message),
        _ => None,
    }
}

/// A field by its name in JSON, or by its name in the proto. ProtoJSON takes both.
fn field(message: &MessageDescriptor, key: &str) -> Option<FieldDescriptor> {
    let by_json_name = message.get_field_by_json_name(key);
    by_json_name.or_else(|| message.get_field_by_name(key))
}

#[cfg(test)]
mod tests;
