//! One user's life: sessions are begun, held, and ended in every way, while their
//! holders go on. All that is chosen comes from the seed; in which order calls
//! meet at the replicas does not.

use super::{
    calls::{Answer, Caller, PATIENCE},
    checker::{Rules, Violation, check},
    holders::{Held, short_at_times},
    record::{History, Number, Recorder},
    world::World,
};
use crate::doors::DOORS;
use futures_util::future::join_all;
use std::{collections::HashMap, fmt::Write as _, sync::Arc, time::Duration};

/// Calls of a life, about.
const CALLS: usize = 400;

/// What happened in a life, and what is wrong with it.
pub(crate) struct Lived {
    pub(crate) history: History,
    pub(crate) violations: Vec<Violation>,
}

struct Owner {
    caller: Caller,
    email: String,
    choices: fastrand::Rng,
    /// Passwords that may be in force: more than one after a lost answer.
    passwords: Vec<u32>,
    sessions: Vec<Arc<Held>>,
    /// Every session that ever was, by its id.
    known: HashMap<String, Number>,
    created: Number,
}

/// Lives a user's life, and checks it.
pub(crate) async fn live(world: Arc<World>, seed: u64, rules: Rules) -> Lived {
    let clock = world.time.clock.clone();
    let recorder = Arc::new(Recorder::new(clock, Arc::clone(&world.order)));
    let email = world.add_user().await;
    let mut owner = Owner {
        caller: Caller { world, recorder },
        email,
        choices: fastrand::Rng::with_seed(seed),
        passwords: vec![0],
        sessions: Vec::new(),
        known: HashMap::new(),
        created: 0,
    };
    while owner.caller.recorder.len() < CALLS {
        owner.act().await;
    }
    let rows = owner.caller.world.rows(&owner.known).await;
    let history = History {
        operations: owner.caller.recorder.take(),
        changes: rows.changes,
        rows: rows.rows,
    };
    let violations = check(&history, rules);
    Lived {
        history,
        violations,
    }
}

impl Owner {
    /// A few sessions are held while one of them, or all, or none, is ended.
    async fn act(&mut self) {
        // holders with stores of their own are honest only while they go on
        self.sessions
            .retain(|held| held.is_shared() && !*held.is_over.lock().unwrap());
        while self.sessions.len() < 3 {
            let Some(held) = self.log_in().await else {
                break;
            };
            self.sessions.push(held);
        }
        if self.sessions.is_empty() {
            return;
        }
        let held = self.sessions.clone();
        let caller = self.caller.clone();
        let holding = held.iter().map(|held| {
            let rounds = self.choices.u32(4..16);
            caller.hold(held, self.choices.fork(), rounds)
        });
        let holding = join_all(holding.collect::<Vec<_>>());
        let ((), _) = tokio::join!(self.end_some(), holding);
    }

    /// Logs in; by the passwords that may be in force, the newest first.
    async fn log_in(&mut self) -> Option<Arc<Held>> {
        for password in self.passwords.clone() {
            self.created += 1;
            let at = self.caller.world.any(&mut self.choices);
            let patience = short_at_times(&mut self.choices, 5);
            let answer = self
                .caller
                .create(at, self.created, &self.email, password, patience);
            match answer.await {
                Answer::Done((pair, id)) => {
                    self.passwords = vec![password];
                    self.known.insert(id.clone(), self.created);
                    return Some(Arc::new(Held::new(pair, id, &mut self.choices)));
                }
                Answer::Refused => {}
                Answer::Unknown => return None,
            }
        }
        None
    }

    /// After a while, one of the ways in which sessions end.
    async fn end_some(&mut self) {
        for _ in 0..self.choices.usize(0..12) {
            self.look().await;
        }
        let which = self.choices.usize(0..self.sessions.len());
        let by = self.choices.usize(0..self.sessions.len());
        let (which, by) = (
            Arc::clone(&self.sessions[which]),
            Arc::clone(&self.sessions[by]),
        );
        let at = self.caller.world.any(&mut self.choices);
        match self.choices.u32(0..100) {
            0..25 => {
                let pair = which.any(&mut self.choices);
                let patience = short_at_times(&mut self.choices, 4);
                let by_access_token = self.choices.bool();
                let revoking = self.caller.revoke(at, &pair, by_access_token, patience);
                if self.choices.bool() && which.is_shared() {
                    // refreshes that have read the row when it ends
                    let mut choices = self.choices.fork();
                    let refreshing = self
                        .caller
                        .refresh_shared(&which, 4, PATIENCE, &mut choices);
                    tokio::join!(revoking, refreshing);
                } else {
                    revoking.await;
                }
            }
            25..35 => {
                let (by, id) = (by.pair(), &which.id);
                self.caller.revoke_own(at, &by, which.number, id).await;
            }
            35..45 => {
                let keep_current = self.choices.bool();
                self.caller.revoke_all(at, &by.pair(), keep_current).await;
            }
            45..52 => {
                // a log-in meets it
                let again = self.caller.world.any(&mut self.choices);
                self.created += 1;
                let (caller, pair) = (self.caller.clone(), by.pair());
                let (_, begun) = tokio::join!(
                    caller.revoke_all(at, &pair, true),
                    caller.create(
                        again,
                        self.created,
                        &self.email,
                        self.passwords[0],
                        PATIENCE
                    )
                );
                self.meet(begun.done());
            }
            52..60 if self.passwords.len() == 1 => self.change_password(at, &by).await,
            60..74 => self.disable().await,
            _ => {}
        }
        for _ in 0..self.choices.usize(0..4) {
            self.look().await;
        }
    }

    async fn change_password(&mut self, at: super::world::Endpoint, by: &Held) {
        let from = self.passwords[0];
        let again = self.caller.world.any(&mut self.choices);
        self.created += 1;
        let patience = short_at_times(&mut self.choices, 5);
        let (caller, pair) = (self.caller.clone(), by.pair());
        let (changed, begun) = tokio::join!(
            caller.change_password(at, &pair, from, patience),
            caller.create(again, self.created, &self.email, from, PATIENCE)
        );
        self.meet(begun.done());
        match changed {
            Answer::Done(()) => self.passwords = vec![from + 1],
            Answer::Refused => {}
            Answer::Unknown => self.passwords = vec![from + 1, from],
        }
        if matches!(changed, Answer::Done(())) {
            // what is over stays over
            let at = self.caller.world.any(&mut self.choices);
            self.created += 1;
            let answer = self
                .caller
                .create(at, self.created, &self.email, from, PATIENCE);
            let begun = answer.await.done();
            self.meet(begun);
        }
    }

    /// Takes a session up that was begun beside something else.
    fn meet(&mut self, begun: Option<(super::calls::Pair, String)>) {
        if let Some((pair, id)) = begun {
            self.known.insert(id.clone(), pair.session);
            let held = Held::new(pair, id, &mut self.choices);
            self.sessions.push(Arc::new(held));
        }
    }

    /// Disables the user for a while.
    async fn disable(&mut self) {
        self.set_active(false).await;
        for _ in 0..self.choices.usize(0..6) {
            self.look().await;
        }
        self.set_active(true).await;
    }

    async fn set_active(&mut self, is_active: bool) {
        while !self.caller.set_active(&self.email, is_active).await {
            // it is away
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Validates any token of any session, at any door.
    async fn look(&mut self) {
        let which = self.choices.usize(0..self.sessions.len());
        let pair = self.sessions[which].any(&mut self.choices);
        let at = self.caller.world.any(&mut self.choices);
        let door = *self.choices.choice(&DOORS).unwrap();
        self.caller.validate(at, &pair, door).await;
    }
}

impl Lived {
    /// What is wrong, with all that happened to the sessions that it happened to.
    pub(crate) fn report(&self) -> String {
        let mut text = String::new();
        for Violation {
            rule,
            session,
            seen,
        } in &self.violations
        {
            let _ = writeln!(text, "{rule:?}, session {session:?}: {seen}");
        }
        for operation in &self.history.operations {
            let _ = writeln!(text, "  {operation:?}");
        }
        for change in &self.history.changes {
            let _ = writeln!(text, "  {change:?}");
        }
        text
    }
}
