//! A figure of several rounds, and how it is written.

use std::fmt;

/// The median of the rounds, with the least and the most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    least: f64,
    most: f64,
}

impl FromIterator<f64> for Spread {
    fn from_iter<I: IntoIterator<Item = f64>>(rounds: I) -> Self {
        let mut rounds: Vec<_> = rounds.into_iter().collect();
        rounds.sort_by(f64::total_cmp);
        let last = rounds.len() - 1;
        Self {
            median: f64::midpoint(rounds[last / 2], rounds[last.div_ceil(2)]),
            least: rounds[0],
            most: rounds[last],
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [median, least, most] = [self.median, self.least, self.most].map(short);
        if least == most {
            return f.write_str(&median);
        }
        write!(f, "{median} ({least}–{most})")
    }
}

/// A number to as many digits as a measurement of this kind has.
pub(crate) fn short(number: f64) -> String {
    match number.abs() {
        0.0..0.000_5 => "0".to_owned(),
        0.0..0.1 => format!("{number:.3}"),
        0.1..10.0 => format!("{number:.2}"),
        10.0..100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}
