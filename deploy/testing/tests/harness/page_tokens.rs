//! Page tokens that were changed, of each layout that a list has.

use contract::{
    fingerprint::Fingerprint,
    page_tokens::{PageTokens, Position, RowId, SortValue, nullable, text, time},
    time::Timestamp,
};
use proptest::prelude::*;
use std::fmt::Debug;
use testing::fuzz::{Change, changed, changes, inputs};

/// A changed token is refused, or it is the token of another position.
fn check<Sort, Id>(
    list: PageTokens,
    position: &Position<Sort, Id>,
    changes: &[Change],
    sort: fn(&[u8]) -> Option<Sort>,
) -> Result<(), TestCaseError>
where
    Sort: SortValue + Debug + PartialEq,
    Id: RowId + Debug + PartialEq,
{
    let issued = list.write(Some(position));
    let token = changed(&issued, changes);
    match list.read(&token, sort) {
        Ok(Some(other)) => {
            prop_assert_eq!(&list.write(Some(&other)), &token);
            prop_assert_eq!(other == *position, token == issued);
        }
        Ok(None) => prop_assert_eq!(token, ""),
        Err(wrong) => {
            prop_assert_ne!(token, issued);
            prop_assert_eq!(wrong.field, "page_token");
        }
    }
    Ok(())
}

fn list() -> PageTokens {
    PageTokens::of(2, Fingerprint::of("List", &()))
}

proptest! {
    #![proptest_config(inputs())]

    #[test]
    fn a_changed_token_of_an_only_list_is_not_misread(micros: i64, id: i32, changes in changes()) {
        let sort = Timestamp::from_micros(micros);
        check(PageTokens::of_only_list(1), &Position { sort, id }, &changes, time)?;
    }

    #[test]
    fn a_changed_token_by_time_is_not_misread(micros: i64, id: i64, changes in changes()) {
        let sort = Timestamp::from_micros(micros);
        check(list(), &Position { sort, id }, &changes, time)?;
    }

    #[test]
    fn a_changed_token_by_a_time_that_may_lack_is_not_misread(
        micros: Option<i64>,
        id: i32,
        changes in changes(),
    ) {
        let sort = micros.map(Timestamp::from_micros);
        check(list(), &Position { sort, id }, &changes, |sort| nullable(sort, time))?;
    }

    #[test]
    fn a_changed_token_by_name_is_not_misread(
        sort in proptest::option::of("[^\\x00]{0,20}|[^\\x00]{255}"),
        id: i32,
        changes in changes(),
    ) {
        check(list(), &Position { sort, id }, &changes, |sort| nullable(sort, text))?;
    }
}
