//! `up` and `down` on a database of the old application.

mod beside;
mod down;
mod folded_search;
mod interrupted;
mod locks;
mod log_ins;
mod odd_rows;
mod old_database;
mod refusals;
mod rights;
mod services;
mod taken_names;
mod there_and_back;
pub(crate) mod trigrams;

use crate::fingerprint::lines;
use database::Database;
use migrations::{Down, Report};
use std::sync::Mutex;

const KEEP: Down = Down {
    drop_data: false,
    keep_session_id: true,
};

/// `up`, and all that it says.
pub(super) async fn up(database: &Database) -> (Report, String) {
    let said = Mutex::new(String::new());
    let tell = |line: &str| {
        let mut said = said.lock().unwrap();
        said.push_str(line);
        said.push('\n');
    };
    let report = migrations::up(database, &tell).await.unwrap();
    (report, said.into_inner().unwrap())
}

/// Columns of `user_sessions` as comparable text, whatever their order.
pub(super) async fn session_columns(database: &Database) -> Vec<String> {
    lines(
        database,
        "SELECT concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)) AS line
         FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
         WHERE attrelid = 'user_sessions'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'extra_flag'
         ORDER BY attname COLLATE \"C\"",
    )
    .await
}

pub(super) async fn our_indexes(database: &Database) -> Vec<String> {
    lines(
        database,
        "SELECT indexdef AS line FROM pg_indexes WHERE indexname LIKE 'ticketing\\_%' AND tablename NOT LIKE 'ticketing\\_%'
         ORDER BY indexname COLLATE \"C\"",
    )
    .await
}
