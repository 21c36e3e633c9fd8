//! Tokens there and back, of each layout that a list has.

use super::*;
use crate::ids::PartnerId;
use proptest::{
    collection::vec, prelude::*, sample::Index, strategy::BoxedStrategy, string::string_regex,
};
use std::fmt::Debug;

/// A kind of sort value: how it is read, and all its values.
trait AnySort: SortValue + Clone + Debug + PartialEq + 'static {
    fn read(bytes: &[u8]) -> Option<Self>;
    fn any() -> BoxedStrategy<Self>;
}

impl AnySort for Timestamp {
    fn read(bytes: &[u8]) -> Option<Self> {
        time(bytes)
    }

    fn any() -> BoxedStrategy<Self> {
        any::<i64>().prop_map(Self::from_micros).boxed()
    }
}

impl AnySort for String {
    fn read(bytes: &[u8]) -> Option<Self> {
        text(bytes)
    }

    fn any() -> BoxedStrategy<Self> {
        string_regex("[^\\x00]{0,20}|[^\\x00]{255}")
            .unwrap()
            .boxed()
    }
}

impl<V: AnySort> AnySort for Option<V> {
    fn read(bytes: &[u8]) -> Option<Self> {
        nullable(bytes, V::read)
    }

    fn any() -> BoxedStrategy<Self> {
        proptest::option::of(V::any()).boxed()
    }
}

fn positions<S: AnySort, I: Arbitrary + 'static>() -> impl Strategy<Value = Position<S, I>> {
    (S::any(), any::<I>()).prop_map(|(sort, id)| Position { sort, id })
}

fn lists() -> impl Strategy<Value = PageTokens> {
    (any::<u8>(), proptest::option::of(any::<u64>())).prop_map(|(version, list)| PageTokens {
        version,
        list: list.map(|list| Fingerprint::of("List", &list)),
    })
}

fn read<S: AnySort, I: RowId>(list: PageTokens, token: &str) -> Option<Position<S, I>> {
    let read = list.read(token, S::read);
    if let Err(wrong) = &read {
        assert_eq!(wrong.field, "page_token");
    }
    read.ok().flatten()
}

/// The bytes of a token after changes, by someone who knows the layout.
fn rewritten(token: &str, changes: &[(Index, u8)], cut: Option<Index>) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
    for (at, to) in changes {
        let at = at.index(bytes.len());
        bytes[at] = *to;
    }
    if let Some(cut) = cut {
        bytes.remove(cut.index(bytes.len()));
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The same for each layout.
macro_rules! for_each_layout {
    ($($name:ident: $sort:ty, $id:ty;)+) => {$(
        mod $name {
            use super::*;

            proptest! {
                #[test]
                fn a_token_leads_back_to_its_position(
                    position in positions::<$sort, $id>(),
                    list in lists(),
                ) {
                    let token = list.write(Some(&position));
                    prop_assert_eq!(read(list, &token), Some(position));
                }

                #[test]
                fn a_token_of_another_list_is_refused(
                    position in positions::<$sort, $id>(),
                    version: u8,
                    one: u64,
                    other: u64,
                ) {
                    prop_assume!(one != other);
                    let list = |list| PageTokens::of(version, Fingerprint::of("List", &list));
                    let token = list(one).write(Some(&position));
                    prop_assert_eq!(read::<$sort, $id>(list(other), &token), None);
                    let version = PageTokens { version: version ^ 1, ..list(one) };
                    prop_assert_eq!(read::<$sort, $id>(version, &token), None);
                }

                #[test]
                fn any_other_text_is_refused_or_the_token_of_a_position(
                    text in "[A-Za-z0-9_-]{12,34}|.+",
                    list in lists(),
                ) {
                    if let Some(position) = read::<$sort, $id>(list, &text) {
                        prop_assert_eq!(list.write(Some(&position)), text);
                    }
                }

                /// Also one that the decoder of base64 would be lenient about.
                #[test]
                fn a_token_with_one_letter_changed_is_refused_or_another_position(
                    position in positions::<$sort, $id>(),
                    list in lists(),
                    at: Index,
                    letter in "[ -~]",
                ) {
                    let mut token = list.write(Some(&position));
                    let at = at.index(token.len());
                    prop_assume!(token[at..=at] != letter);
                    token.replace_range(at..=at, &letter);
                    prop_assert_ne!(read(list, &token), Some(position));
                }

                #[test]
                fn bytes_made_up_for_a_list_have_one_spelling(
                    half in 0..=2_u8,
                    rest in vec(any::<u8>(), 0..24),
                    list in lists(),
                ) {
                    let token = URL_SAFE_NO_PAD.encode([&list.head()[..], &[half], &rest].concat());
                    if let Some(position) = read::<$sort, $id>(list, &token) {
                        prop_assert_eq!(list.write(Some(&position)), token);
                    }
                }

                #[test]
                fn a_rewritten_token_is_refused_or_another_positions_own(
                    position in positions::<$sort, $id>(),
                    list in lists(),
                    bytes in vec((any::<Index>(), any::<u8>()), 0..3),
                    cut in proptest::option::weighted(0.2, any::<Index>()),
                ) {
                    let issued = list.write(Some(&position));
                    let token = rewritten(&issued, &bytes, cut);
                    match read::<$sort, $id>(list, &token) {
                        Some(other) => {
                            prop_assert_eq!(other == position, token == issued);
                            prop_assert_eq!(list.write(Some(&other)), token);
                        }
                        None => prop_assert_ne!(token, issued),
                    }
                }
            }
        }
    )+};
}

for_each_layout! {
    by_time_and_short_id: Timestamp, i32;
    by_time_and_long_id: Timestamp, i64;
    by_time_that_may_lack: Option<Timestamp>, i32;
    by_name_that_may_lack: Option<String>, i32;
}

#[test]
fn a_last_page_has_an_empty_token() {
    let list = PageTokens::of_only_list(1);
    assert_eq!(list.write::<Timestamp, i32>(None), "");
    assert_eq!(list.read::<Timestamp, i32>("", time), Ok(None));
}

#[test]
fn an_id_of_a_table_is_written_like_its_number() {
    let list = PageTokens::of_only_list(1);
    let sort = Timestamp::from_micros(1);
    let id = PartnerId(7);
    let token = list.write(Some(&Position { sort, id }));
    assert_eq!(token, list.write(Some(&Position { sort, id: id.0 })));
    assert_eq!(list.read(&token, time), Ok(Some(Position { sort, id })));
}

/// A text that PostgreSQL would fail over is no position.
#[test]
fn a_text_with_nul_is_refused() {
    let list = PageTokens::of_only_list(1);
    for sort in ["\0", "Alpha\0"] {
        let sort = sort.to_owned();
        let token = list.write(Some(&Position { sort, id: 1 }));
        assert_eq!(read::<String, i32>(list, &token), None);
    }
}
