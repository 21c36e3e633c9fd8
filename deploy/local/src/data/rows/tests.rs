//! Lives, and the rows they leave.

use super::*;
use crate::data::{Partner, World};
use std::time::Duration;

fn world() -> World {
    let partner = |id| Partner {
        id,
        branches: vec![id * 10],
        user: id * 100,
    };
    World {
        partners: (1..=5).map(partner).collect(),
        customers: 7..=9,
        staff: 6,
        categories: vec![(1, vec![1, 2])],
        pickup_options: vec![1],
    }
}

#[test]
fn the_same_seed_gives_the_same_rows() {
    let (world, now) = (world(), Timestamp::from_seconds(1_764_000_000));
    let rows = |seed| {
        let lives = (1..200).map(|id| Life::new(seed, id, &world, now, now));
        lives.map(Life::request).collect::<Vec<_>>()
    };
    assert_eq!(rows(1), rows(1));
    assert_ne!(rows(1), rows(2));
}

#[test]
fn every_row_fits_its_table_and_every_stage_occurs() {
    let (world, submitted) = (world(), Timestamp::from_seconds(1_764_000_000));
    let now = submitted + Duration::from_hours(100);
    let mut statuses = std::collections::BTreeSet::new();
    for id in 1..2_000 {
        for (table, rows) in Tables::ALL {
            for row in rows(Life::new(1, id, &world, submitted, now)) {
                assert_eq!(row.len(), table.columns.len(), "{}", table.name);
            }
        }
        statuses.insert(Life::new(1, id, &world, submitted, now).stage.status());
    }
    assert_eq!(statuses.len(), 8);
}

#[test]
fn nothing_has_happened_that_is_yet_to_come() {
    let (world, now) = (world(), Timestamp::from_seconds(1_764_000_000));
    for id in 1..500 {
        for (_, rows) in Tables::ALL {
            for row in rows(Life::new(1, id, &world, now, now)) {
                let times = row.into_iter().filter_map(|value| match value {
                    Value::Time(time) => Some(time),
                    _ => None,
                });
                assert!(
                    times
                        .into_iter()
                        .all(|time| time <= now + Duration::from_hours(24))
                );
            }
        }
    }
}

#[test]
fn the_first_partner_has_the_most_work() {
    let world = world();
    let mut random = fastrand::Rng::with_seed(1);
    let mut counts = [0; 6];
    for _ in 0..10_000 {
        counts[usize::try_from(world.draw_partner(&mut random).id).unwrap()] += 1;
    }
    assert_eq!(counts[0], 0);
    assert!(
        counts[1] > counts[2] && counts[2] > counts[5] && counts[5] > 500,
        "{counts:?}"
    );
}
