//! Rounds, in each of which everything is measured once: so that what slows the machine down
//! for a while does so for all alike, and ratios hold.

use crate::{
    by_hand,
    calls::{Kind, warm_up},
    load::{ALONE, Loads, Window},
    processes::SERVERS,
    spread::Spread,
    stage::Stage,
};
use sqlx::{Connection as _, PgConnection};
use std::time::Duration;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    pub(crate) rounds: usize,
    /// Of one kind of call under one load.
    pub(crate) window: Duration,
    pub(crate) loads: Loads,
    /// Distinct tokens whose signatures are remembered.
    pub(crate) tokens: usize,
}

/// What was measured on a database of one size.
pub(crate) struct Results {
    pub(crate) rows: i32,
    pub(crate) loads: Loads,
    pub(crate) kinds: Vec<Measured>,
    pub(crate) by_hand: Vec<ByHand>,
    /// In µs.
    pub(crate) select_one: Spread,
    /// How long an access token is.
    pub(crate) token_bytes: usize,
}

/// One kind of call: of each load, a window a round.
pub(crate) struct Measured {
    pub(crate) name: String,
    windows: [Vec<Window>; 3],
}

/// A page by hand: a window a round.
pub(crate) struct ByHand {
    /// The place among the kinds of the call that gives the page.
    kind: usize,
    windows: Vec<Window>,
}

/// Processors' time of all but the client.
pub(crate) fn servers(window: &Window) -> f64 {
    window.cpu[..SERVERS].iter().sum()
}

/// Processors' time of PostgreSQL and its driver.
fn all(window: &Window) -> f64 {
    window.cpu.iter().sum()
}

impl Results {
    pub(crate) async fn measure(rows: i32, profile: &str, extent: Extent) -> Self {
        eprintln!("{rows} rows: filling the database, starting the programs");
        let mut stage = Stage::new(rows, extent.tokens, profile).await;
        warm_up(&stage).await;
        let kinds = Kind::all(&stage);
        let mut measured: Vec<_> = kinds.iter().map(Measured::of).collect();
        let mut by_hand: Vec<_> = kinds.iter().enumerate().filter_map(ByHand::of).collect();
        let mut select_one = Vec::new();
        let connection = PgConnection::connect(stage.url()).await;
        let mut connection = connection.expect("a connection");
        for round in 1..=extent.rounds {
            eprintln!("{rows} rows: round {round} of {}", extent.rounds);
            for (place, load) in extent.loads.into_iter().enumerate() {
                for (kind, measured) in kinds.iter().zip(&mut measured) {
                    let window = kind.measure(&mut stage, load, extent.window).await;
                    measured.windows[place].push(window);
                }
            }
            for of in &mut by_hand {
                let Kind::List(page) = &kinds[of.kind] else {
                    continue;
                };
                let (text, processes) = (&page.by_hand, &stage.processes);
                let window = by_hand::read(connection, text, extent.window / 2, processes).await;
                connection = window.0;
                of.windows.push(window.1);
            }
            let count = u32::try_from(extent.window.as_millis() * 10).unwrap_or(u32::MAX);
            let (url, script) = (stage.url(), stage.scratch());
            select_one.push(by_hand::select_one(&mut connection, &script, url, count).await);
        }
        Self {
            rows,
            loads: extent.loads,
            kinds: measured,
            by_hand,
            select_one: select_one.into_iter().collect(),
            token_bytes: stage.hot.next().map_or(0, |token| token.text.len()),
        }
    }

    /// A figure as a ratio to that of the echo, which comes first in each round.
    pub(crate) fn of_echo(
        &self,
        kind: &Measured,
        load: usize,
        figure: impl Fn(&Window) -> f64,
    ) -> Spread {
        let echo = self.kinds[0].windows[load].iter();
        let pairs = kind.windows[load].iter().zip(echo);
        pairs.map(|(of, echo)| figure(of) / figure(echo)).collect()
    }

    /// The call that gives the page, and what it takes of one caller beside the statement:
    /// time, and processors' time.
    pub(crate) fn of_by_hand(&self, page: &ByHand) -> (&Measured, [Spread; 2]) {
        let call = &self.kinds[page.kind];
        let pairs = || call.windows[ALONE].iter().zip(&page.windows);
        let time = pairs().map(|(call, page)| call.p50 / page.p50);
        let cpu = pairs().map(|(call, page)| servers(call) / all(page));
        (call, [time.collect(), cpu.collect()])
    }

    /// How long one caller waits for the last page, beside the first one of the same requests.
    pub(crate) fn last_of_first(&self) -> Vec<(&str, Spread)> {
        let pairs = self.kinds.windows(2).filter_map(|kinds| {
            let [first, last] = kinds else { return None };
            let whose = last.name.strip_suffix(": the last page")?;
            let pairs = last.windows[ALONE].iter().zip(&first.windows[ALONE]);
            Some((
                whose,
                pairs.map(|(last, first)| last.p50 / first.p50).collect(),
            ))
        });
        pairs.collect()
    }
}

impl Measured {
    fn of(kind: &Kind) -> Self {
        Self {
            name: kind.name(),
            windows: Default::default(),
        }
    }

    pub(crate) fn spread(&self, load: usize, figure: impl Fn(&Window) -> f64) -> Spread {
        self.windows[load].iter().map(figure).collect()
    }
}

impl ByHand {
    fn of((kind, of): (usize, &Kind)) -> Option<Self> {
        matches!(of, Kind::List(_)).then(|| Self {
            kind,
            windows: Vec::new(),
        })
    }

    pub(crate) fn spread(&self, figure: impl Fn(&Window) -> f64) -> Spread {
        self.windows.iter().map(figure).collect()
    }
}
