//! The searches. `TICKETING_MODEL=whole` adds those that take minutes; the
//! largest goes through 12 million states. Each counts its states:
//! `cargo test -p auth-service --test api refresh_model -- --show-output`.

mod faults;
mod honest;
mod thief;

use super::{
    search::{Run, search},
    world::{Fault, Property, Stores, World},
};
use std::{env, time::Instant};

/// All that can happen keeps all properties.
#[track_caller]
fn holds(name: &str, world: &World) {
    let begun = Instant::now();
    let found = search(world);
    println!("{name}: {} states in {:?}", found.states, begun.elapsed());
    if let Some((property, run)) = found.broken {
        panic!("{name}: {property:?} broke by {run}\n{:?}", run.end);
    }
}

/// Something that can happen breaks a property; how, at the shortest.
#[track_caller]
fn breaks(world: &World, property: Property) -> Run {
    let (broken, run) = search(world).broken.expect("an error that is found");
    println!("{:?} breaks {broken:?}: {run}", world.fault);
    assert_eq!(broken, property, "{run}");
    run
}

fn is_whole() -> bool {
    env::var("TICKETING_MODEL").is_ok_and(|wish| wish == "whole")
}

fn with_ends(world: World) -> World {
    World {
        log_out: true,
        expiry: true,
        ..world
    }
}

fn restored(world: World) -> World {
    World {
        restores: true,
        ..with_ends(world)
    }
}

const BOTH: [Stores; 2] = [Stores::Shared, Stores::Separate];

/// The smaller of both, unless all is asked for.
fn in_the_suite() -> &'static [Stores] {
    if is_whole() { &BOTH } else { &BOTH[..1] }
}

/// Who is honest in neither way: stores of their own, and no hurry.
fn neither() -> World {
    World {
        seats: &[0, 1],
        ..World::honest(Stores::Shared)
    }
}

fn with(fault: Fault) -> World {
    World {
        fault: Some(fault),
        ..World::honest(Stores::Shared)
    }
}
