//! Converts a statement into text and bound values.
//!
//! All values are bound except limits, which are part of the text. PostgreSQL uses one plan for all
//! values only if that plan looks as cheap as one for the given values, and it assumes a tenth of
//! the rows for a limit that it cannot see. Planning a page each time would cost six times as much
//! as reading it.

use database::Dialect;
use sea_orm::{
    Statement, Value,
    sea_query::{
        Expr, PostgresQueryBuilder, QueryBuilder, QueryStatementBuilder, SqlWriter,
        SqlWriterValues, SqliteQueryBuilder,
    },
};
use std::fmt::{self, Write};

/// A constant text, written into the statement.
pub(super) fn literal(text: impl Into<String>) -> Expr {
    Expr::Constant(text.into().into())
}

/// The statement that is sent.
pub(super) fn statement(dialect: Dialect, built: &impl QueryStatementBuilder) -> Statement {
    let bound = match dialect {
        Dialect::Postgres => SqlWriterValues::new("$", true),
        Dialect::Sqlite => SqlWriterValues::new("?", false),
    };
    let mut writer = LimitsInText(bound);
    match dialect {
        Dialect::Postgres => built.build_collect_any_into(&PostgresQueryBuilder, &mut writer),
        Dialect::Sqlite => built.build_collect_any_into(&SqliteQueryBuilder, &mut writer),
    }
    let (text, values) = writer.0.into_parts();
    Statement::from_sql_and_values(dialect.backend(), text, values)
}

struct LimitsInText(SqlWriterValues);

impl SqlWriter for LimitsInText {
    fn push_param<T: QueryBuilder>(&mut self, value: Value, builder: &T) {
        match value {
            // sea-query uses this type for limits, and no column here has it
            Value::BigUnsigned(Some(limit)) => {
                let _infallible = write!(self.0, "{limit}");
            }
            value => self.0.push_param(value, builder),
        }
    }

    fn as_writer(&mut self) -> &mut dyn Write {
        self
    }
}

impl Write for LimitsInText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }
}

impl fmt::Display for LimitsInText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
