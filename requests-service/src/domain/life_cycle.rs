//! Whether a change is allowed: one pure function over the table of the life cycle.

use super::Error;
use crate::model::{ChangeKind, LIFE_CYCLE, Read, Side, Transition, Visibility};
use contract::principal::Principal;

/// The row of a change in the table, if the request's status and the time allow it.
pub(super) fn allowed(change: ChangeKind, read: &Read) -> Result<&'static Transition, Error> {
    let status = read.request.status;
    let not_allowed = Error::ChangeNotAllowed { change, status };
    let Some(transition) = LIFE_CYCLE.iter().find(|row| row.change == change) else {
        return Err(not_allowed);
    };
    match status {
        // no change is allowed from a status that this version does not know
        None if read.has_unknown_status => Err(not_allowed),
        status if transition.from.contains(&status) => match read.request.sla_deadline {
            Some(deadline) if change == ChangeKind::Confirm && read.now >= deadline => {
                Err(Error::SlaDeadlinePassed)
            }
            _ => Ok(transition),
        },
        Some(status) if status == transition.to => Err(Error::StatusReached { status }),
        _ => Err(not_allowed),
    }
}

/// The changes that a caller may make to a request.
pub(super) fn permitted(
    caller: &Principal,
    visibility: Visibility,
    read: &Read,
) -> Vec<ChangeKind> {
    LIFE_CYCLE
        .iter()
        .filter(|row| row.by == side(visibility) && caller.may(row.permission))
        .map(|row| row.change)
        .filter(|change| allowed(*change, read).is_ok())
        .collect()
}

/// Whether a caller acts as a partner or as staff.
pub(super) fn side(visibility: Visibility) -> Side {
    match visibility {
        Visibility::Partner(_) => Side::Partner,
        Visibility::AllPartners => Side::Staff,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Customer, Etag, NamedReference, PartnerRequest, Status};
    use contract::{ids::PartnerRequestId, time::Timestamp};

    fn read(sla_deadline: Option<Timestamp>, now: Timestamp) -> Read {
        let reference = || NamedReference {
            id: 1,
            name: String::new(),
            name_ar: None,
        };
        Read {
            request: PartnerRequest {
                id: PartnerRequestId(1),
                number: String::new(),
                customer: Customer {
                    name: String::new(),
                    phone: String::new(),
                    latitude: 0.0,
                    longitude: 0.0,
                    address: String::new(),
                },
                category: reference(),
                service: None,
                pickup_option: reference(),
                partner: None,
                branch: None,
                status: Some(Status::Assigned),
                sla_deadline,
                created_at: None,
                updated_at: None,
                submitted_at: None,
                assigned_at: None,
                confirmed_at: None,
                rejected_at: None,
                in_progress_at: None,
                completed_at: None,
                closed_at: None,
                rated_at: None,
                rating: None,
                feedback: None,
                etag: Etag(String::new()),
            },
            branch_contact: None,
            has_unknown_status: false,
            now,
        }
    }

    #[test]
    fn a_request_is_confirmed_before_its_deadline_and_not_at_it() {
        let deadline = Timestamp::from_seconds(60);
        for (sla_deadline, now, expected) in [
            (Some(deadline), Timestamp::from_micros(59_999_999), true),
            (Some(deadline), deadline, false),
            (Some(deadline), Timestamp::from_micros(60_000_001), false),
            (Some(Timestamp::INFINITY), deadline, true),
            (Some(Timestamp::NEGATIVE_INFINITY), deadline, false),
            (None, deadline, true),
        ] {
            let read = read(sla_deadline, now);
            let confirmed = allowed(ChangeKind::Confirm, &read);
            assert_eq!(confirmed.is_ok(), expected, "{sla_deadline:?} {now:?}");
            assert!(allowed(ChangeKind::Reject, &read).is_ok());
        }
    }
}
