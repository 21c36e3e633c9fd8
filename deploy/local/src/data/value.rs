//! A value of a row, independent of the database.

use contract::time::Timestamp;
use database::Database;
use sea_orm::sea_query::{Alias, Expr, ExprTrait};

/// A table, and the columns of its rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [&'static str],
}

/// The values of a table's columns, in their order.
pub(crate) type Row = Vec<Value>;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Flag(bool),
    Number(i32),
    Degrees(f64),
    Text(String),
    Time(Timestamp),
    /// A value of a native enum: the type, and the value.
    Enum(&'static str, &'static str),
}

impl Value {
    /// As a bound value of a statement.
    pub(crate) fn expression(self, database: &Database) -> Expr {
        match self {
            Self::Null => Expr::null(),
            Self::Flag(flag) => flag.into(),
            Self::Number(number) => number.into(),
            Self::Degrees(degrees) => degrees.into(),
            Self::Text(text) => text.into(),
            Self::Time(time) => database.time(time),
            Self::Enum(kind, value) => Expr::val(value).as_enum(Alias::new(kind)),
        }
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Number(number)
    }
}

impl From<f64> for Value {
    fn from(degrees: f64) -> Self {
        Self::Degrees(degrees)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}
