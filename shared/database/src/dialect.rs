//! The differences between the two databases, in one place.

use contract::time::Timestamp;
use sea_orm::{
    DbBackend, Value,
    sea_query::{Expr, ExprTrait},
};

/// 24 November 4714 BC, the first day of PostgreSQL's timestamps.
const FIRST_OF_POSTGRES: Timestamp = Timestamp::from_micros(-210_866_803_200_000_000);
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The database that a statement is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL 13 or newer.
    Postgres,
    /// SQLite, which is compiled in.
    Sqlite,
}

impl Dialect {
    /// SeaORM's name for it.
    #[must_use]
    pub fn backend(self) -> DbBackend {
        match self {
            Self::Postgres => DbBackend::Postgres,
            Self::Sqlite => DbBackend::Sqlite,
        }
    }

    /// A point in time as a bound value.
    #[must_use]
    pub fn time(self, time: Timestamp) -> Expr {
        match self {
            Self::Sqlite => Expr::val(time.micros()),
            // a time before PostgreSQL's first one is before all rows
            Self::Postgres if time < FIRST_OF_POSTGRES && time != Timestamp::NEGATIVE_INFINITY => {
                self.time(Timestamp::NEGATIVE_INFINITY)
            }
            // chrono has no infinity
            Self::Postgres if !time.is_finite() => {
                Expr::val(time.to_string()).cast_as("timestamptz")
            }
            Self::Postgres => match Value::from(time) {
                // chrono also lacks the last thirty thousand years of PostgreSQL. The interval is
                // built in two parts, because PostgreSQL multiplies intervals in floating point
                Value::ChronoDateTimeUtc(None) => Expr::cust_with_values(
                    "((timestamp 'epoch' + $1 * interval '1 day' + $2 * interval '1 microsecond') \
                     AT TIME ZONE 'UTC')",
                    [time.micros().div_euclid(DAY), time.micros().rem_euclid(DAY)],
                ),
                value => Expr::val(value),
            },
        }
    }

    /// The database's clock as of this expression's evaluation, plus an offset
    /// in microseconds ([`contract::time::Clock::offset_micros`]).
    #[must_use]
    pub fn now(self, offset_micros: i64) -> Expr {
        match self {
            Self::Postgres => Expr::cust_with_values(
                "(clock_timestamp() + $1 * interval '1 microsecond')",
                [offset_micros],
            ),
            Self::Sqlite => Expr::cust_with_values(
                "(CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000 + ?)",
                [offset_micros],
            ),
        }
    }

    /// `column` is one of `values`. If the database has arrays, the text of the statement does not
    /// depend on the number of values.
    #[must_use]
    pub fn one_of(self, column: Expr, values: impl IntoIterator<Item = i32>) -> Expr {
        match self {
            Self::Postgres => Expr::cust_with_exprs(
                "$1 = ANY($2)",
                [column, Expr::val(values.into_iter().collect::<Vec<i32>>())],
            ),
            Self::Sqlite => column.is_in(values),
        }
    }
}
