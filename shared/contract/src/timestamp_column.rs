//! [`Timestamp`] as a column: `timestamptz` on PostgreSQL, integer microseconds
//! on SQLite.

use crate::time::Timestamp;
use sea_orm::{
    ColIdx, ColumnType, DbErr, QueryResult, RuntimeErr, TryGetError, TryGetable, Value,
    sea_query::{ArrayType, Nullable, ValueType, ValueTypeErr},
};
use sqlx::{
    Decode, Postgres, Row, Type,
    error::BoxDynError,
    postgres::{PgTypeInfo, PgValueFormat, PgValueRef},
};
use std::sync::Arc;

/// From 1970-01-01 to 2000-01-01, PostgreSQL's epoch, in microseconds.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

impl Type<Postgres> for Timestamp {
    fn type_info() -> PgTypeInfo {
        <chrono::DateTime<chrono::Utc> as Type<Postgres>>::type_info()
    }
}

impl<'r> Decode<'r, Postgres> for Timestamp {
    /// Decodes the eight bytes itself, because sqlx's own decoding into `chrono` panics on
    /// `infinity`.
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        if value.format() != PgValueFormat::Binary {
            return Err("timestamptz in text format".into());
        }
        let micros = <i64 as Decode<'r, Postgres>>::decode(value)?;
        Ok(match micros {
            i64::MAX => Self::INFINITY,
            i64::MIN => Self::NEGATIVE_INFINITY,
            // PostgreSQL's last 29 years do not fit into a `Timestamp`, and must not become
            // infinite
            micros => Self::from_micros(micros.saturating_add(POSTGRES_EPOCH).min(i64::MAX - 1)),
        })
    }
}

impl TryGetable for Timestamp {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let value = if let Some(row) = row.try_as_pg_row() {
            row.try_get::<Option<Self>, _>(index.as_sqlx_postgres_index())
        } else if let Some(row) = row.try_as_sqlite_row() {
            row.try_get::<Option<i64>, _>(index.as_sqlx_sqlite_index())
                .map(|micros| micros.map(Self::from_micros))
        } else {
            return Err(DbErr::Type("neither PostgreSQL nor SQLite".to_owned()).into());
        };
        match value {
            Ok(Some(time)) => Ok(time),
            Ok(None) => Err(TryGetError::Null(format!("{index:?}"))),
            Err(error) => Err(DbErr::Query(RuntimeErr::SqlxError(Arc::new(error))).into()),
        }
    }
}

impl From<Timestamp> for Value {
    /// PostgreSQL's form. Statements bind times with `database::Dialect::time`, which knows both
    /// forms. SQLite's STRICT tables refuse this one.
    fn from(time: Timestamp) -> Self {
        Self::ChronoDateTimeUtc(chrono::DateTime::from_timestamp_micros(time.micros()))
    }
}

impl Nullable for Timestamp {
    fn null() -> Value {
        Value::ChronoDateTimeUtc(None)
    }
}

impl ValueType for Timestamp {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        match value {
            Value::ChronoDateTimeUtc(Some(time)) => Ok(Self::from_micros(time.timestamp_micros())),
            _ => Err(ValueTypeErr),
        }
    }

    fn type_name() -> String {
        "Timestamp".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::ChronoDateTimeUtc
    }

    fn column_type() -> ColumnType {
        ColumnType::TimestampWithTimeZone
    }
}
