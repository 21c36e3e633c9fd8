//! Checks the branch that a request is assigned to, and determines the deadline to confirm it.

use super::Error;
use crate::{
    model::PartnerState,
    store::{Handover, Setting, Transaction},
};
use contract::{
    ids::{BranchId, PartnerId},
    time::Timestamp,
};
use std::{ops::RangeInclusive, time::Duration};

/// The time to confirm if no setting names one.
const DEFAULT_MINUTES: u64 = 15;
/// Values outside these bounds are ignored; the default applies.
const MINUTES: RangeInclusive<u64> = 1..=1_440;

/// Checks that the branch and its partner exist, and that the partner is active.
pub(super) async fn to(
    transaction: &Transaction,
    partner: PartnerId,
    branch: BranchId,
    now: Timestamp,
) -> Result<Handover, Error> {
    match transaction.partner_state(partner).await? {
        PartnerState::Active => {}
        PartnerState::Deleted => return Err(Error::PartnerNotFound),
        PartnerState::Inactive | PartnerState::Suspended => {
            return Err(Error::PartnerNotActive);
        }
    }
    match transaction.partner_of_branch(branch).await? {
        Some(owner) if owner == partner => {}
        Some(_) => return Err(Error::BranchOfOtherPartner),
        None => return Err(Error::BranchNotFound),
    }
    let minutes = minutes(&transaction.sla_settings(partner).await?);
    Ok(Handover {
        partner,
        branch,
        sla_deadline: now + Duration::from_mins(minutes),
    })
}

/// The partner's own setting takes precedence over the platform's. A value that is not an integer
/// within the bounds is ignored.
fn minutes(settings: &[Setting]) -> u64 {
    let of = |of_partner: bool| {
        settings
            .iter()
            .filter(move |setting| setting.of_partner == of_partner)
            .filter_map(|setting| setting.value.trim().parse().ok())
            .find(|minutes| MINUTES.contains(minutes))
    };
    of(true).or_else(|| of(false)).unwrap_or(DEFAULT_MINUTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(of_partner: bool, value: &str) -> Setting {
        Setting {
            of_partner,
            value: value.to_owned(),
        }
    }

    #[test]
    fn the_partners_own_minutes_come_first() {
        assert_eq!(minutes(&[]), 15);
        assert_eq!(minutes(&[set(false, "30")]), 30);
        assert_eq!(minutes(&[set(false, "30"), set(true, "45")]), 45);
        assert_eq!(minutes(&[set(true, "1"), set(false, "30")]), 1);
        assert_eq!(minutes(&[set(true, "1440")]), 1_440);
    }

    #[test]
    fn a_setting_that_is_not_a_number_of_minutes_is_ignored() {
        for odd in [
            "",
            "0",
            "1441",
            "-5",
            "15.5",
            "soon",
            "1e2",
            "99999999999999999999",
        ] {
            assert_eq!(minutes(&[set(true, odd), set(false, "30")]), 30, "{odd}");
            assert_eq!(minutes(&[set(false, odd)]), 15, "{odd}");
        }
        assert_eq!(minutes(&[set(false, "many"), set(false, " 20 ")]), 20);
    }
}
