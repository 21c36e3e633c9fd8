//! How fast calls are, and what they take of processors: the two programs, each a process of
//! its own as it is deployed, on a PostgreSQL with rows. Beside them, in the same rounds, a
//! bare server of tonic's that sends back what it gets, built alike: a machine's speed, and
//! what else keeps it busy, change all figures but hardly the ratios.
//!
//! ```sh
//! cargo bench -p local --bench speed
//! cargo bench -p local --bench speed -- --rows 10000,100000,1000000
//! ```
//!
//! It writes `target/speed.md` and `target/speed.svg`. `--help` lists its options.
//!
//! One client calls, with 256, 32 and 1 calls in flight, and checks each answer. Figures are
//! medians of the rounds with the least and the most. PostgreSQL syncs nothing to disk here.
//!
//! `cargo test` runs it, too, shortly and with few rows, on the programs as they are.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a program that prints what it measured"
)]

mod by_hand;
mod calls;
mod doors;
mod json;
mod load;
mod pages;
mod picture;
mod processes;
mod programs;
mod rounds;
mod spread;
mod stage;
mod supply;
mod table;

use clap::Parser;
use load::{FEW, LOADS};
use rounds::{Extent, Results};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const WINDOW: Duration = Duration::from_millis(800);
const TOKENS: usize = 20_000;

/// Measures how fast calls are, beside a server that does nothing.
#[derive(Clone, Debug, Parser)]
struct Options {
    /// How many requests and how many sessions there are. Several numbers are measured one after
    /// the other.
    #[arg(long, env = "TICKETING_SPEED_ROWS", default_value = "100000")]
    #[arg(value_delimiter = ',', value_parser = clap::value_parser!(i32).range(2_000..))]
    rows: Vec<i32>,
    /// How often everything is measured.
    #[arg(long, env = "TICKETING_SPEED_ROUNDS", default_value = "5")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Cargo's profile of the programs.
    #[arg(long, env = "TICKETING_SPEED_PROFILE", default_value = "dist")]
    profile: String,
    /// What `cargo bench` says.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.peek().is_none() {
        // `cargo test`
        return try_out();
    }
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("not measured: `cargo test` was given arguments, which are for other tests");
        return;
    }
    let options = Options::parse();
    programs::build_all(&options.profile);
    let extent = Extent {
        rounds: options.rounds.into(),
        window: WINDOW,
        loads: LOADS,
        tokens: TOKENS,
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    measure(&options, extent, folder.expect("target"));
}

/// A short run: all that is not a matter of time is as it is at length.
fn try_out() {
    let profile = if cfg!(debug_assertions) {
        "dev"
    } else {
        "release"
    };
    programs::build_missing(profile);
    let options = Options {
        rows: vec![2_000],
        rounds: 1,
        profile: profile.to_owned(),
        bench: false,
    };
    let extent = Extent {
        rounds: 1,
        window: Duration::from_millis(100),
        loads: FEW,
        tokens: 200,
    };
    measure(&options, extent, Path::new(env!("CARGO_TARGET_TMPDIR")));
}

fn measure(options: &Options, extent: Extent, folder: &Path) {
    let begun = Instant::now();
    let mut table = String::new();
    let mut tell = |text: String| {
        println!("{text}");
        table.push_str(&text);
    };
    tell(format!("# Speed\n\n{}\n", how(options, extent)));
    let mut sizes = Vec::new();
    let runtime = Runtime::new().expect("threads");
    for rows in &options.rows {
        let measured = Results::measure(*rows, &options.profile, extent);
        let size = runtime.block_on(measured);
        tell(table::of_size(&size));
        sizes.push(size);
    }
    tell(table::growth(&sizes));
    for (name, text) in [("speed.md", table), ("speed.svg", picture::svg(&sizes))] {
        let file: PathBuf = folder.join(name);
        fs::write(&file, text).expect("a file");
        println!("written: {}", file.display());
    }
    println!("measured in {:.0} s", begun.elapsed().as_secs_f64());
}

/// What the figures depend on.
fn how(options: &Options, extent: Extent) -> String {
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let busy = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let busy = busy.split(' ').next().unwrap_or_default();
    format!(
        "Programs of the profile `{}`; {processors} processors, which the client and PostgreSQL \
         share, with a load of {busy} before; medians of {} rounds of {:?} a figure, with the \
         least and the most.",
        options.profile, extent.rounds, extent.window
    )
}
