//! `LIFE_CYCLE.md`, read.

use proto::requests::v1::PartnerRequestChange;

const DOCUMENT: &str = include_str!("../../../LIFE_CYCLE.md");

/// A row of the document.
pub(super) struct Written {
    pub(super) change: &'static str,
    pub(super) from: Vec<&'static str>,
    pub(super) who: &'static str,
    pub(super) requests: &'static str,
    pub(super) response: &'static str,
    pub(super) log: &'static str,
}

pub(super) fn document() -> Vec<Written> {
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| "));
    rows.skip(2)
        .map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [change, from, who, requests, response, log] = cells[..] else {
                panic!("{line}")
            };
            Written {
                change,
                from: from.split(", ").collect(),
                who,
                requests,
                response,
                log,
            }
        })
        .collect()
}

impl Written {
    /// What the document says of a column: a word, `now`, `NULL`, or nothing.
    pub(super) fn of(&self, column: &str) -> Option<&'static str> {
        let quoted = format!("`{column}`");
        self.requests.split("; ").find_map(|clause| {
            if let Some(status) = clause.strip_prefix("status ") {
                return (column == "status").then_some(status);
            }
            let named = clause.split(", ").any(|name| name.starts_with(&quoted));
            named.then(|| {
                let after = clause.rsplit('`').next().unwrap_or_default().trim();
                if after.is_empty() { "value" } else { after }
            })
        })
    }

    pub(super) fn change(&self) -> PartnerRequestChange {
        let name = self.change.to_uppercase().replace(' ', "_");
        PartnerRequestChange::from_str_name(&format!("PARTNER_REQUEST_CHANGE_{name}")).unwrap()
    }
}
