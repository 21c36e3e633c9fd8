//! The five shapes of the application's `user_sessions`. They are distinguished by the columns in
//! the catalogue. Constraints and indexes have two families of names, so names are not used.

use schema::query;
use sea_orm::{ConnectionTrait, DbErr};
use std::fmt;

/// Columns of `user_sessions` that a token was kept in.
pub(crate) const TOKENS: [&str; 2] = ["token", "refresh_token"];

/// The services' columns in `user_sessions`, and their types. They are nullable and have no
/// default, so that adding them changes no row, and the application's own inserts still work.
pub(crate) const OURS: [(&str, &str); 7] = [
    ("generation", "integer"),
    ("rotated_at", "timestamptz"),
    ("used_at", "timestamptz"),
    ("absolute_expires_at", "timestamptz"),
    ("password_digest", "varchar(64)"),
    ("ended_at", "timestamptz"),
    ("end_reason", "varchar(50)"),
];

/// The shape of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// (a): tokens in required columns.
    Tokens,
    /// (b): a session id and no token.
    SessionId,
    /// (c): neither; the application's migration had failed halfway.
    Neither,
    /// (d): like (b), with one row whose session id is empty.
    SessionIdAndBlank,
    /// (e): tokens in nullable columns, as the application's rollback leaves it.
    RolledBack,
}

impl Shape {
    const ALL: [Self; 5] = [
        Self::Tokens,
        Self::SessionId,
        Self::Neither,
        Self::SessionIdAndBlank,
        Self::RolledBack,
    ];

    /// The letter of the shape in the record.
    pub(crate) fn letter(self) -> &'static str {
        match self {
            Self::Tokens => "a",
            Self::SessionId => "b",
            Self::Neither => "c",
            Self::SessionIdAndBlank => "d",
            Self::RolledBack => "e",
        }
    }

    pub(crate) fn of_letter(letter: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.letter() == letter)
    }

    /// Whether the application finds its sessions by an id, so that they stay.
    pub(crate) fn keeps_sessions(self) -> bool {
        matches!(self, Self::SessionId | Self::SessionIdAndBlank)
    }

    /// The token columns that are dropped.
    pub(crate) fn tokens(self) -> &'static [&'static str] {
        match self {
            Self::Tokens | Self::RolledBack => &TOKENS,
            Self::SessionId | Self::Neither | Self::SessionIdAndBlank => &[],
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Tokens => "token and refresh_token, not null",
            Self::SessionId => "session_id and no token",
            Self::Neither => "neither token nor session_id",
            Self::SessionIdAndBlank => "session_id and no token, one row with an empty session_id",
            Self::RolledBack => "token and refresh_token, nullable",
        };
        write!(f, "({}), {words}", self.letter())
    }
}

/// A column as the catalogue has it.
struct Column {
    name: String,
    kind: String,
    not_null: bool,
}

/// Reads the shape of `user_sessions`. The inner `Err` says what was found instead.
pub(crate) async fn read(on: &impl ConnectionTrait) -> Result<Result<Shape, String>, DbErr> {
    const COLUMNS: &str = "
        SELECT attname::text, format_type(atttypid, atttypmod), attnotnull
        FROM pg_attribute
        WHERE attrelid = 'user_sessions'::regclass AND NOT attisdropped AND attname = ANY ($1)
        ORDER BY attnum";
    let ours = OURS.iter().map(|(name, _)| *name);
    let names = TOKENS.into_iter().chain(["session_id"]).chain(ours);
    let rows = query::rows(on, COLUMNS, [query::array(names)]).await?;
    let columns = rows.into_iter().map(|(name, kind, not_null)| Column {
        name,
        kind,
        not_null,
    });
    let columns: Vec<Column> = columns.collect();
    Ok(match recognize(&columns) {
        Some(Shape::SessionId) if !query::row(on, UNIQUE).await? => {
            Err("a session_id that is not unique".to_owned())
        }
        Some(Shape::SessionId) if query::row(on, BLANK).await? => Ok(Shape::SessionIdAndBlank),
        Some(shape) => Ok(shape),
        None => Err(columns
            .iter()
            .map(|column| {
                let null = if column.not_null {
                    "not null"
                } else {
                    "nullable"
                };
                format!("{} {} {null}", column.name, column.kind)
            })
            .collect::<Vec<_>>()
            .join(", ")),
    })
}

/// The shape with these columns; (d) has the same columns as (b).
fn recognize(columns: &[Column]) -> Option<Shape> {
    let column = |name: &str| columns.iter().find(|column| column.name == name);
    match (
        columns.len(),
        column("token"),
        column("refresh_token"),
        column("session_id"),
    ) {
        (0, ..) => Some(Shape::Neither),
        (1, _, _, Some(id)) => {
            (id.not_null && id.kind == "character varying(100)").then_some(Shape::SessionId)
        }
        (2, Some(token), Some(refresh), _) => {
            let both = |test: fn(&Column) -> bool| test(token) && test(refresh);
            if both(|c| c.not_null && ["character varying(500)", "text"].contains(&c.kind.as_str()))
            {
                Some(Shape::Tokens)
            } else {
                both(|c| !c.not_null && c.kind == "text").then_some(Shape::RolledBack)
            }
        }
        _ => None,
    }
}

/// Whether a constraint or an index keeps `session_id` unique by itself, in all rows, and at all
/// times.
const UNIQUE: &str = "
    SELECT EXISTS (
        SELECT FROM pg_index i
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = 'session_id'
        WHERE i.indrelid = 'user_sessions'::regclass
          AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
          AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum
    )";

const BLANK: &str = "SELECT EXISTS (SELECT FROM user_sessions WHERE session_id = '')";
