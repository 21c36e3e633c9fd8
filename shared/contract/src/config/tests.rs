use super::*;
use std::{net::SocketAddr, time::Duration};

#[derive(Debug, Parser)]
#[command(name = "program", args_override_self = true)]
struct Config {
    /// Where it listens.
    #[arg(long, env = "TEST_LISTEN", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// A secret | with a bar.
    #[arg(long, env = "TEST_SECRET", value_parser = secret)]
    secret: String,
    #[command(flatten)]
    times: Times,
    /// Starts over.
    #[arg(long)]
    fresh: bool,
}

#[derive(Debug, Args)]
struct Times {
    /// How long it waits, in seconds.
    #[arg(long, env = "TEST_WAIT", default_value = "5", value_parser = seconds(1..=10))]
    wait: Duration,
    /// A file.
    ///
    /// It may be left out.
    #[arg(long, env = "TEST_FILE")]
    file: Option<String>,
}

impl Part for Times {
    fn check(&self, problems: &mut Problems) {
        let long = self.wait > Duration::from_secs(7);
        problems.need(("TEST_WAIT", long), ("TEST_FILE", self.file.is_some()));
    }
}

impl Configuration for Config {
    fn check(given: &Given, problems: &mut Problems) {
        given.check::<Times>(problems);
    }
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    Other,
    Wait {
        #[arg(long, env = "TEST_LONG", value_parser = seconds(1..=10))]
        long: Duration,
        place: u8,
    },
}

fn secret(text: &str) -> Result<String, &'static str> {
    if text.contains("s3cret") {
        return Err("is wrong");
    }
    Ok(text.to_owned())
}

fn read(flags: &[&str]) -> Result<Config, String> {
    let flags = std::iter::once(&"program").chain(flags);
    from_flags(flags).map_err(|invalid| invalid.to_string())
}

#[test]
fn every_wrong_value_is_named_in_one_message_and_none_is_repeated() {
    let problems = read(&["--listen=nowhere", "--secret=s3cret", "--wait=11"]).unwrap_err();
    for problem in [
        "TEST_LISTEN: invalid socket address",
        "TEST_SECRET: is wrong",
        "TEST_WAIT: must be a whole number from 1 to 10",
    ] {
        assert!(problems.contains(problem), "{problem} in {problems}");
    }
    assert!(!problems.contains("s3cret"), "{problems}");
    // also those that do not fit together, beside others
    let problems = read(&["--wait=8"]).unwrap_err();
    for problem in ["TEST_SECRET: is required", "TEST_FILE: is required with"] {
        assert!(problems.contains(problem), "{problem} in {problems}");
    }
}

#[test]
fn valid_values_are_taken_and_the_last_of_two_counts() {
    let config = read(&["--secret=a", "--wait=1", "--wait=2", "--file=", "--fresh"]).unwrap();
    assert_eq!(config.listen.port(), 0);
    assert_eq!(config.times.wait, Duration::from_secs(2));
    // an empty text is none
    assert_eq!((config.times.file, config.fresh), (None, true));
    assert!(read(&["--secret="]).unwrap_err().contains("is required"));
    assert!(read(&["--listen=", "--secret=a"]).is_err());
    assert!(matches!(
        from_flags::<Config>(["program", "--unknown"]),
        Err(Invalid::Usage(_))
    ));
}

#[test]
fn a_subcommand_needs_nothing_of_the_configuration() {
    let read = |words: &[&str]| from_words::<Config, Command>(words);
    let other = read(&["program", "other"]).unwrap();
    assert!(matches!(other, Invocation::Command(Command::Other)));
    let wait = read(&["program", "wait", "--long=9", "7"]).unwrap();
    let Invocation::Command(Command::Wait { long, place: 7 }) = wait else {
        panic!("{wait:?}");
    };
    assert_eq!(long, Duration::from_secs(9));
    let problems = read(&["program", "wait", "--long=11", "x"]).unwrap_err();
    for problem in ["TEST_LONG: must be", "place: "] {
        let problems = problems.to_string();
        assert!(problems.contains(problem), "{problem} in {problems}");
    }
    let run = read(&["program", "--secret=a"]).unwrap();
    assert!(matches!(run, Invocation::Run(_)));
    assert!(matches!(read(&["program"]), Err(Invalid::Values(_))));
}

#[test]
fn a_table_shows_each_variable_with_its_default_and_meaning() {
    use clap::CommandFactory as _;
    assert_eq!(
        table(&Config::command()),
        "| variable | default | meaning |\n\
         | --- | --- | --- |\n\
         | `TEST_LISTEN` | `127.0.0.1:0` | Where it listens |\n\
         | `TEST_SECRET` | required | A secret \\| with a bar |\n\
         | `TEST_WAIT` | `5` | How long it waits, in seconds |\n\
         | `TEST_FILE` | none | A file. It may be left out. |\n"
    );
}
