//! The holders of a session: honest ones, whom no refresh logs out, and sometimes a thief.

use super::{
    calls::{Answer, Caller, PATIENCE, Pair},
    record::{Holder, Number},
    time::Moving,
};
use crate::doors::DOORS;
use futures_util::future::join_all;
use std::{sync::Mutex, time::Duration};

/// After a session was seen dead, it is tried so many rounds more.
const ROUNDS_AFTER: u32 = 2;
/// Attempts to learn an answer, where one may be lost.
const ATTEMPTS: u32 = 12;

/// A session, and where its holders keep its pair.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) number: Number,
    pub(super) id: String,
    /// One that is shared, or one for each holder.
    stores: Vec<Mutex<Pair>>,
    /// Every pair that was ever saved.
    saved: Mutex<Vec<Pair>>,
    is_robbed: bool,
    pub(super) is_over: Mutex<bool>,
}

impl Held {
    /// What its holders do is chosen here.
    pub(super) fn new(pair: Pair, id: String, choices: &mut fastrand::Rng) -> Self {
        let stores = if choices.u32(0..3) == 0 { 2 } else { 1 };
        Self {
            number: pair.session,
            id,
            stores: (0..stores).map(|_| Mutex::new(pair.clone())).collect(),
            saved: Mutex::new(vec![pair]),
            is_robbed: choices.u32(0..5) == 0,
            is_over: Mutex::new(false),
        }
    }

    pub(super) fn is_shared(&self) -> bool {
        self.stores.len() == 1
    }

    /// The newest pair of the first store.
    pub(super) fn pair(&self) -> Pair {
        self.stores[0].lock().unwrap().clone()
    }

    /// Any pair that was saved.
    pub(super) fn any(&self, choices: &mut fastrand::Rng) -> Pair {
        let saved = self.saved.lock().unwrap();
        choices.choice(saved.iter()).expect("the first").clone()
    }

    /// Saves a pair, never over a newer one.
    fn save(&self, store: usize, pair: &Pair) {
        let mut stored = self.stores[store].lock().unwrap();
        if pair.tokens.generation > stored.tokens.generation {
            self.saved.lock().unwrap().push(pair.clone());
        }
        if pair.tokens.generation >= stored.tokens.generation {
            *stored = pair.clone();
        }
    }

    fn note<T>(&self, answer: &Answer<T>) {
        if matches!(answer, Answer::Refused) {
            *self.is_over.lock().unwrap() = true;
        }
    }
}

impl Caller {
    /// So many rounds of what holders do, or fewer if the session ends.
    pub(super) async fn hold(&self, held: &Held, mut choices: fastrand::Rng, rounds: u32) {
        let mut left_after_end = ROUNDS_AFTER;
        let mut last_round: Option<Moving> = None;
        for _ in 0..rounds {
            if *held.is_over.lock().unwrap() {
                if left_after_end == 0 {
                    return;
                }
                left_after_end -= 1;
            }
            if held.is_shared() {
                let acts = 0..choices.usize(1..=4);
                join_all(acts.map(|_| self.act(held, choices.fork()))).await;
            } else {
                // before the last round ends, so that few steps fall between a rotation
                // and the others' next attempt
                let round = self.world.time.moving().await;
                drop(last_round.replace(round));
                let each = 0..held.stores.len();
                join_all(each.map(|store| self.take_turns(held, store, choices.fork()))).await;
            }
        }
    }

    /// One thing that a holder of a shared store does.
    async fn act(&self, held: &Held, mut choices: fastrand::Rng) {
        match choices.u32(0..100) {
            0..40 => {
                let pair = held.pair();
                self.use_access_token(held, &pair, &mut choices).await;
            }
            40..50 => {
                let pair = held.any(&mut choices);
                self.use_access_token(held, &pair, &mut choices).await;
            }
            50..70 => self.refresh_shared(held, 1, PATIENCE, &mut choices).await,
            70..85 => {
                let patience = short(&mut choices);
                self.refresh_shared(held, 1, patience, &mut choices).await;
            }
            85..94 => {
                let at_once = choices.usize(2..=8);
                let patience = short_at_times(&mut choices, 4);
                self.refresh_shared(held, at_once, patience, &mut choices)
                    .await;
            }
            _ if held.is_robbed => {
                let pair = held.any(&mut choices);
                let at = self.world.any(&mut choices);
                let answer = self.refresh(at, &pair, Holder::Thief, PATIENCE).await;
                held.note(&answer);
            }
            _ => {}
        }
    }

    async fn use_access_token(&self, held: &Held, pair: &Pair, choices: &mut fastrand::Rng) {
        let door = *choices.choice(&DOORS).unwrap();
        let answer = self.validate(self.world.any(choices), pair, door).await;
        // a token may be over by itself, and the session stand
        if self.world.time.clock.now() < pair.access_until() {
            held.note(&answer);
        }
    }

    /// Refreshes at once by one token, read once from the store that is shared.
    pub(super) async fn refresh_shared(
        &self,
        held: &Held,
        at_once: usize,
        patience: Duration,
        choices: &mut fastrand::Rng,
    ) {
        let _moving = self.world.time.moving().await;
        let read_at = self.world.time.clock.now();
        let pair = held.pair();
        let holder = Holder::Shared { read_at };
        let calls = (0..at_once).map(|_| {
            let at = self.world.any(choices);
            let pair = &pair;
            async move {
                let answer = self.refresh(at.clone(), pair, holder, patience).await;
                held.note(&answer);
                match answer {
                    Answer::Done(pair) => held.save(0, &pair),
                    Answer::Refused => {}
                    Answer::Unknown => self.fence(at).await,
                }
            }
        });
        join_all(calls).await;
    }

    /// A holder with a store of its own: it validates or not, loses an answer or
    /// not, and then refreshes until it is answered.
    async fn take_turns(&self, held: &Held, store: usize, mut choices: fastrand::Rng) {
        let read = || held.stores[store].lock().unwrap().clone();
        for _ in 0..choices.usize(0..2) {
            self.use_access_token(held, &read(), &mut choices).await;
        }
        let first = short_at_times(&mut choices, 4);
        for attempt in 0..ATTEMPTS {
            let patience = if attempt == 0 { first } else { PATIENCE };
            let at = self.world.any(&mut choices);
            let answer = self
                .refresh(at.clone(), &read(), Holder::Separate, patience)
                .await;
            held.note(&answer);
            match answer {
                Answer::Done(pair) => return held.save(store, &pair),
                Answer::Refused => return,
                Answer::Unknown => self.fence(at).await,
            }
        }
    }
}

/// Long enough for an answer, but for every so many.
pub(super) fn short_at_times(choices: &mut fastrand::Rng, every: u32) -> Duration {
    if choices.u32(0..every) == 0 {
        short(choices)
    } else {
        PATIENCE
    }
}

/// So short that the answer may be lost: a call takes some milliseconds.
fn short(choices: &mut fastrand::Rng) -> Duration {
    Duration::from_millis(choices.u64(0..25))
}
