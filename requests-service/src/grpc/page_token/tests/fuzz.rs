//! Tokens of ours that were changed, also by someone who knows the layout.

use super::*;
use proptest::{collection::vec, sample::Index};
use testing::fuzz::{changed, changes, inputs};

/// The bytes of a token after changes: another version, half or fingerprint, a
/// longer or shorter sort value.
fn rewritten(token: &str, changes: &[(Index, u8)], cut: Option<Index>) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
    for (at, to) in changes {
        let at = at.index(bytes.len());
        bytes[at] = *to;
    }
    if let Some(cut) = cut {
        let cut = cut.index(bytes.len());
        bytes.remove(cut);
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

macro_rules! for_each_sort {
    ($($name:ident: $sort:ty,)+) => {$(
        proptest! {
            #![proptest_config(inputs())]

            #[test]
            fn $name(
                position in positions::<$sort>(),
                fingerprint in fingerprints(),
                bytes in vec((any::<Index>(), any::<u8>()), 0..3),
                cut in proptest::option::weighted(0.2, any::<Index>()),
                changes in proptest::option::of(changes()),
            ) {
                let issued = encode(Some(&position), fingerprint);
                let token = rewritten(&issued, &bytes, cut);
                let token = changed(&token, &changes.unwrap_or_default());
                match read::<$sort>(&token, fingerprint) {
                    Some(Position::Start) => prop_assert_eq!(token, ""),
                    Some(other) => {
                        prop_assert_eq!(other == position, token == issued);
                        prop_assert_eq!(encode(Some(&other), fingerprint), token);
                    }
                    None => prop_assert_ne!(token, issued),
                }
            }
        }
    )+};
}

for_each_sort! {
    a_changed_token_by_time_is_refused_or_another_positions_own: Timestamp,
    a_changed_token_by_name_is_refused_or_another_positions_own: PartnerSort,
}
