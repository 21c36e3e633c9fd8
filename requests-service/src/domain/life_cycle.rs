//! Whether a change is possible: one pure function over the life cycle's table.

use super::Error;
use crate::model::{Change, LIFE_CYCLE, Read, Side, Transition, Visibility};
use shared::session_layer::Principal;

/// The row of a change, if the request's status and the time allow it.
pub(super) fn allowed(change: Change, read: &Read) -> Result<&'static Transition, Error> {
    let status = read.request.status;
    let not_allowed = Error::ChangeNotAllowed { change, status };
    let Some(transition) = LIFE_CYCLE.iter().find(|row| row.change == change) else {
        return Err(not_allowed);
    };
    match status {
        // what may follow a status that is not known here is not known either
        None if read.has_unknown_status => Err(not_allowed),
        status if transition.from.contains(&status) => match read.request.sla_deadline {
            Some(deadline) if change == Change::Confirm && read.now >= deadline => {
                Err(Error::SlaDeadlinePassed)
            }
            _ => Ok(transition),
        },
        Some(status) if status == transition.to => Err(Error::StatusReached { status }),
        _ => Err(not_allowed),
    }
}

/// What a caller may do with a request that it sees.
pub(super) fn permitted(caller: &Principal, visibility: Visibility, read: &Read) -> Vec<Change> {
    LIFE_CYCLE
        .iter()
        .filter(|row| row.by == side(visibility) && caller.may(row.permission))
        .map(|row| row.change)
        .filter(|change| allowed(*change, read).is_ok())
        .collect()
}

/// On which side a caller stands.
pub(super) fn side(visibility: Visibility) -> Side {
    match visibility {
        Visibility::Partner(_) => Side::Partner,
        Visibility::AllPartners => Side::Staff,
    }
}
