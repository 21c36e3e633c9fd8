//! Where the next page starts, and of which list. It authorizes nothing, since who
//! may list is asked anew for each page.

use crate::model::AuditPosition;
use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use prost::Message as _;
use proto::auth::v1::AuditEventFilter;
use shared::time::Timestamp;

/// The form's version, the first byte.
const VERSION: u8 = 1;
const FINGERPRINT_LENGTH: usize = 8;

/// Tells the list of one filter from that of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint([u8; FINGERPRINT_LENGTH]);

impl Fingerprint {
    /// Of this filter; none is as one that asks for nothing.
    pub(super) fn of(filter: Option<&AuditEventFilter>) -> Self {
        let filter = filter.map(AuditEventFilter::encode_to_vec);
        let digest = digest::digest(&digest::SHA256, &filter.unwrap_or_default());
        let mut fingerprint = [0; FINGERPRINT_LENGTH];
        for (to, from) in fingerprint.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        Self(fingerprint)
    }
}

pub(super) fn write(position: AuditPosition, fingerprint: Fingerprint) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend(fingerprint.0);
    bytes.extend(position.occurred_at.micros().to_be_bytes());
    bytes.extend(position.id.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The position of a token; `None` if it is not one that [`write`] gives for this
/// list.
pub(super) fn read(token: &str, fingerprint: Fingerprint) -> Option<AuditPosition> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (_, position) = bytes.split_first_chunk::<{ 1 + FINGERPRINT_LENGTH }>()?;
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

    fn of_user(id: i32) -> Fingerprint {
        Fingerprint::of(Some(&AuditEventFilter {
            subject_user_ids: vec![id],
            ..AuditEventFilter::default()
        }))
    }

    #[test]
    fn no_filter_is_an_empty_one() {
        let empty = AuditEventFilter::default();
        assert_eq!(Fingerprint::of(None), Fingerprint::of(Some(&empty)));
    }

    proptest! {
        #[test]
        fn round_trip(micros: i64, id: i64, user in 1..i32::MAX) {
            let position = AuditPosition { occurred_at: Timestamp::from_micros(micros), id };
            let token = write(position, of_user(user));
            prop_assert_eq!(read(&token, of_user(user)), Some(position));
            prop_assert_eq!(read(&token, of_user(user - 1)), None);
        }

        #[test]
        fn what_is_read_is_what_was_written(token in "[A-Za-z0-9_-]{34}|.{0,40}") {
            if let Some(position) = read(&token, of_user(1)) {
                prop_assert_eq!(write(position, of_user(1)), token);
            }
        }
    }
}
