//! The time that processes spend on processors.

use std::{collections::HashMap, fs};

/// What work is done by, in the order in which it is told.
pub(crate) const NAMES: [&str; 5] = [
    "auth-service",
    "requests-service",
    "PostgreSQL",
    "echo",
    "client",
];
/// All but the client, which is this process.
pub(crate) const SERVERS: usize = 4;
const POSTGRES: usize = 2;
/// Linux tells times in hundredths of a second (`USER_HZ`). In µs.
const TICK: f64 = 10_000.0;

/// What each of [`NAMES`] took, in µs.
pub(crate) type Times = [f64; NAMES.len()];

/// The processes of each of [`NAMES`].
#[derive(Clone, Debug)]
pub(crate) struct Processes(pub(crate) [Vec<u32>; NAMES.len()]);

/// A process as Linux tells of it.
struct Process {
    parent: u32,
    own: f64,
    /// Of its children that have ended.
    of_ended: f64,
}

impl Processes {
    /// What they took since their start. PostgreSQL has a process for each connection, and
    /// the one that started them keeps the time of those that ended.
    pub(crate) fn times(&self) -> Times {
        let all = all();
        let mut times = Times::default();
        for (place, ids) in self.0.iter().enumerate() {
            for id in ids {
                let process = all.get(id).expect("it runs");
                times[place] += process.own;
                if place == POSTGRES {
                    times[place] += process.of_ended;
                    let children = all.values().filter(|child| child.parent == *id);
                    times[place] += children.map(|child| child.own).sum::<f64>();
                }
            }
        }
        times
    }
}

fn all() -> HashMap<u32, Process> {
    let entries = fs::read_dir("/proc").expect("Linux").flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // one that ends meanwhile has no file any more
    ids.filter_map(|id| Some((id, read(id)?))).collect()
}

/// `/proc/[pid]/stat`, whose fields are counted from behind the program's name: that may
/// have blanks and parentheses in it.
fn read(id: u32) -> Option<Process> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let fields: Vec<_> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<f64>().ok();
    let micros = |user, system| Some((ticks(user)? + ticks(system)?) * TICK);
    Some(Process {
        parent: fields.get(1)?.parse().ok()?,
        own: micros(11, 12)?,
        of_ended: micros(13, 14)?,
    })
}
