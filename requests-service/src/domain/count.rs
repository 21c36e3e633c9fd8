//! Counts the requests that the caller may see, in groups.

use super::{Error, PartnerRequests, visibility};
use crate::model::{Count, Filter, Group, Status};
use contract::principal::Principal;
use std::collections::BTreeMap;

/// The largest number of groups in an answer.
const MOST: usize = 10_000;
/// One more is read, which shows whether there are too many.
const LIMIT: u64 = 10_001;

/// The requests to count, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct CountQuery {
    pub filter: Filter,
    /// How to group them in addition to their status.
    pub group: Option<Group>,
}

impl PartnerRequests {
    /// Counts the requests that [`PartnerRequests::list`] would list. The counts are ordered by
    /// status, then by group.
    pub async fn count(&self, caller: &Principal, query: &CountQuery) -> Result<Vec<Count>, Error> {
        let visibility = visibility::of(caller)?;
        self.check_filter(visibility, &query.filter).await?;
        let kinds = self
            .store
            .count_kinds(visibility, &query.filter, query.group, LIMIT)
            .await?;
        if kinds.is_empty() {
            self.check_partner_state(visibility).await?;
        }
        if kinds.len() > MOST {
            return Err(Error::TooManyKinds);
        }
        Ok(in_order(kinds))
    }
}

/// Requests whose status this version does not know are counted together with requests without a
/// status.
fn in_order(kinds: Vec<Count>) -> Vec<Count> {
    let mut counts: BTreeMap<(Option<Status>, Option<i32>), u64> = BTreeMap::new();
    for kind in kinds {
        *counts.entry((kind.status, kind.group)).or_default() += kind.count;
    }
    counts
        .into_iter()
        .map(|((status, group), count)| Count {
            status,
            group,
            count,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_in_order_and_each_kind_is_there_once() {
        let kind = |status, group, count| Count {
            status,
            group,
            count,
        };
        let closed = Some(Status::Closed);
        let kinds = vec![
            kind(closed, Some(2), 1),
            kind(None, Some(1), 2),
            kind(closed, None, 3),
            kind(Some(Status::Submitted), Some(9), 4),
            kind(None, Some(1), 5),
        ];
        let expected = [
            kind(None, Some(1), 7),
            kind(Some(Status::Submitted), Some(9), 4),
            kind(closed, None, 3),
            kind(closed, Some(2), 1),
        ];
        assert_eq!(in_order(kinds), expected);
    }
}
