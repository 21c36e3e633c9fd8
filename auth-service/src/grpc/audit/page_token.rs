//! Where the next page starts, and of which list. It authorizes nothing, since who
//! may list is asked anew for each page.

use crate::model::AuditPosition;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::{fingerprint::Fingerprint, time::Timestamp};

/// The form's version, the first byte.
const VERSION: u8 = 1;

pub(super) fn write(position: AuditPosition, fingerprint: Fingerprint) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend(fingerprint.bytes());
    bytes.extend(position.occurred_at.micros().to_be_bytes());
    bytes.extend(position.id.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The position of a token; `None` if it is not one that [`write`] gives for this
/// list.
pub(super) fn read(token: &str, fingerprint: Fingerprint) -> Option<AuditPosition> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (_, position) = bytes.split_first_chunk::<{ 1 + Fingerprint::LENGTH }>()?;
    let (occurred_at, id) = position.split_first_chunk()?;
    let position = AuditPosition {
        occurred_at: Timestamp::from_micros(i64::from_be_bytes(*occurred_at)),
        id: i64::from_be_bytes(id.try_into().ok()?),
    };
    (write(position, fingerprint) == token).then_some(position)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of_list(list: i32) -> Fingerprint {
        Fingerprint::of("List", &list)
    }

    proptest! {
        #[test]
        fn round_trip(micros: i64, id: i64, list in 1..i32::MAX) {
            let position = AuditPosition { occurred_at: Timestamp::from_micros(micros), id };
            let token = write(position, of_list(list));
            prop_assert_eq!(read(&token, of_list(list)), Some(position));
            prop_assert_eq!(read(&token, of_list(list - 1)), None);
        }

        #[test]
        fn what_is_read_is_what_was_written(token in "[A-Za-z0-9_-]{34}|.{0,40}") {
            if let Some(position) = read(&token, of_list(1)) {
                prop_assert_eq!(write(position, of_list(1)), token);
            }
        }
    }
}
