//! The promise to honest holders, and where it ends; and that what is over stays
//! over.

use super::{BOTH, breaks, holds, in_the_suite, is_whole, neither, restored, with_ends};
use crate::refresh_model::world::{OVERLAP, Property, SERVER, Stores, World};

#[test]
fn no_honest_holder_of_a_shared_store_is_refused() {
    holds("shared", &World::honest(Stores::Shared));
    let three = World {
        seats: &[0, 0, 0],
        ..World::honest(Stores::Shared)
    };
    holds("shared, three requests at once", &three);
}

#[test]
fn no_honest_holder_of_a_separate_store_is_refused() {
    holds("separate", &World::honest(Stores::Separate));
    if is_whole() {
        let three = World {
            seats: &[0, 0, 1],
            ..World::honest(Stores::Separate)
        };
        holds("separate, three requests at once", &three);
    }
}

/// Beyond what the promise asks of a server: with a refresh that takes longer than
/// an overlap from its reading to its writing.
#[test]
fn no_honest_holder_is_refused_by_a_server_that_forgets_its_deadline() {
    for stores in in_the_suite() {
        let slow = World {
            server: OVERLAP + 1,
            ..World::honest(*stores)
        };
        holds(&format!("{stores:?}, slow server"), &slow);
    }
}

/// "Presents" is the moment at which the server reads the row. A holder that counts
/// to the moment at which its request arrives has to leave the server its time.
#[test]
fn the_servers_wait_before_it_reads_counts_as_the_holders() {
    for stores in BOTH {
        let queued = World {
            queues: true,
            ..World::honest(stores)
        };
        breaks(&queued, Property::HonestIsNotRefused);
        let with_time_left = World {
            presents_within: OVERLAP - SERVER,
            ..queued
        };
        holds(&format!("{stores:?}, queued"), &with_time_left);
    }
}

#[test]
fn a_holder_that_presents_a_tick_after_the_overlap_may_be_refused() {
    for stores in BOTH {
        let late = World {
            presents_within: OVERLAP + 1,
            ..World::honest(stores)
        };
        breaks(&late, Property::HonestIsNotRefused);
    }
}

#[test]
fn holders_that_neither_share_a_store_nor_hurry_may_be_refused() {
    breaks(&neither(), Property::HonestIsNotRefused);
}

#[test]
fn nothing_is_revived_after_a_log_out_or_the_sessions_end() {
    for stores in in_the_suite() {
        let world = with_ends(World::honest(*stores));
        holds(&format!("{stores:?}, with ends"), &world);
    }
    if is_whole() {
        let three = World {
            seats: &[0, 0, 0],
            ..World::honest(Stores::Shared)
        };
        holds(
            "shared, three requests at once, with ends",
            &with_ends(three),
        );
    }
}

#[test]
fn a_token_newer_than_a_restored_session_is_refused_and_ends_it() {
    let one = World {
        seats: &[0],
        ..World::honest(Stores::Shared)
    };
    holds("one request, restored", &restored(one));
    if is_whole() {
        for stores in BOTH {
            let world = restored(World::honest(stores));
            holds(&format!("{stores:?}, restored"), &world);
        }
    }
}
