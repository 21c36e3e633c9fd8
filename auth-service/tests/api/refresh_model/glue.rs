//! The model's copy of what stands around the decision: the statements of
//! `store/refresh.rs` and `store/first_uses.rs`. The decision itself is the
//! service's own.

use super::{
    state::{Generation, Row, Seen},
    world::{Fault, OVERLAP},
};
use auth_service::{
    domain::{Decision, InForce, decide},
    model,
};
use contract::time::Timestamp;
use std::time::Duration;

/// The row's generation, in the service's numbers.
const IN_FORCE: i32 = 100;
const TICK: Duration = Duration::from_secs(1);

/// The service's decision, on the model's row.
pub(super) fn decided(fault: Option<Fault>, row: Row, presented: Generation) -> Decision {
    let in_force = |used: Option<u8>| InForce {
        generation: model::Generation(IN_FORCE),
        used_at: used.map(|ago| Timestamp::from_seconds(-i64::from(ago))),
    };
    let decide = |used, presented: Generation, overlap| {
        let presented = model::Generation(IN_FORCE + i32::from(presented));
        decide(
            in_force(used),
            presented,
            Timestamp::from_seconds(0),
            overlap,
        )
    };
    let overlap = TICK * u32::from(OVERLAP);
    match fault {
        Some(Fault::OverlapFromTheRotation) if presented < 0 => {
            decide(Some(row.begun), presented, overlap)
        }
        Some(Fault::OverlapIncludesItsEnd) => {
            decide(row.used, presented, overlap + Duration::from_micros(1))
        }
        Some(Fault::EarlierGenerationIsAccepted) => decide(row.used, presented.max(-1), overlap),
        Some(Fault::AboveTheRowIsReuse) if presented > 0 => decide(row.used, -2, overlap),
        _ => decide(row.used, presented, overlap),
    }
}

/// `use_first` and `rotate`: the row after it, if it is as it was read. The caller
/// tells the two apart by what it has seen.
pub(super) fn compare_and_set(fault: Option<Fault>, row: Row, seen: Seen) -> Option<Row> {
    let is_alive = (row.is_active || fault == Some(Fault::SetThoughEnded))
        && (row.is_unexpired || fault == Some(Fault::SetThoughExpired));
    let as_read = is_as_read(row, seen) || fault == Some(Fault::SetUncompared);
    if !is_alive || !as_read {
        return None;
    }
    // both slide the session's end
    let slid = Row {
        is_unexpired: true,
        ..row
    };
    match seen {
        Seen::Unused { .. } => Some(Row {
            used: Some(0),
            ..slid
        }),
        Seen::Used { generation, .. } => Some(Row {
            generation: generation + 1,
            used: None,
            begun: 0,
            ..slid
        }),
        Seen::End(_) => None,
    }
}

/// `generation =`, and `used_at IS NULL` or `used_at =`.
pub(super) fn is_as_read(row: Row, seen: Seen) -> bool {
    match seen {
        Seen::Unused { generation } => row.generation == generation && row.used.is_none(),
        Seen::Used { generation, used } => row.generation == generation && row.used == Some(used),
        Seen::End(_) => false,
    }
}

/// `note_first_uses`.
pub(super) fn note_first_uses(fault: Option<Fault>, row: &mut Row, generation: Generation) {
    let is_meant = row.generation == generation || fault == Some(Fault::MarkOfAnyGeneration);
    if is_meant && row.used.is_none() {
        row.used = Some(0);
    }
}

/// `end`.
pub(super) fn end(row: &mut Row) {
    row.is_active = false;
}
