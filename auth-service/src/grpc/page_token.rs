//! The page token of ListSessions: where the next page starts. It authorizes
//! nothing, since a page holds the caller's own sessions whatever it says.

use crate::store::SessionPosition;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::time::Timestamp;

/// The form's version, the first byte.
const VERSION: u8 = 1;

pub(super) fn write(position: SessionPosition) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend(position.created_at.micros().to_be_bytes());
    bytes.extend(position.row_id.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn read(token: &str) -> Option<SessionPosition> {
    let bytes: [u8; 13] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
    let (version, rest) = bytes.split_first()?;
    let (created_at, row_id) = rest.split_first_chunk()?;
    (*version == VERSION).then_some(SessionPosition {
        created_at: Timestamp::from_micros(i64::from_be_bytes(*created_at)),
        row_id: i32::from_be_bytes(row_id.try_into().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trip(micros: i64, row_id: i32) {
            let position = SessionPosition { created_at: Timestamp::from_micros(micros), row_id };
            prop_assert_eq!(read(&write(position)), Some(position));
        }

        #[test]
        fn what_is_read_is_what_was_written(token in "[A-Za-z0-9_-]{0,24}|.{0,24}") {
            if let Some(position) = read(&token) {
                prop_assert_eq!(write(position), token);
            }
        }
    }

    mod fuzz {
        use super::*;
        use testing::fuzz::{changed, changes, inputs};

        proptest! {
            #![proptest_config(inputs())]

            #[test]
            fn a_changed_token_is_refused_or_another_positions_own(
                micros: i64,
                row_id: i32,
                changes in changes(),
            ) {
                let created_at = Timestamp::from_micros(micros);
                let issued = write(SessionPosition { created_at, row_id });
                let token = changed(&issued, &changes);
                if let Some(position) = read(&token) {
                    prop_assert_eq!(write(position), token);
                }
            }
        }
    }
}
