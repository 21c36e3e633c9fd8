//! What taking over and giving back do, in lines for the operator. `--plan` prints them, and so do
//! `up` and `down` before they begin.

use crate::{found::Found, record::Record, shape::Shape};

const LOCK: &str = "locks    user_sessions for an instant (waits at most 5 s for the lock; log-ins wait meanwhile)";

/// A line of `down`, if there is an audit log.
pub(crate) const AUDIT_LOG_TO_DROP: &str = "goes     the audit log, with all events";

/// Before step one of `up`.
pub(crate) fn of_found(found: &Found) -> Vec<String> {
    let Found { shape, sessions } = *found;
    let mut lines = vec![format!(
        "found    the old application: user_sessions in shape {shape}, {}",
        rows(sessions)
    )];
    if shape.keeps_sessions() {
        if shape == Shape::SessionIdAndBlank {
            lines
                .push("goes     the row with the empty session_id, which no client has".to_owned());
        }
        lines.push(format!(
            "stays    {} of the old application, which works as before, including log-in",
            rows(stay(found))
        ));
    } else {
        lines.push(
            "stops    the old application cannot log anyone in from now on, and its users are \
             logged out"
                .to_owned(),
        );
        lines.push(format!(
            "goes     all rows of user_sessions: {}",
            rows(sessions)
        ));
        if !shape.tokens().is_empty() {
            lines.push(
                "goes     the columns token and refresh_token, with all that is in them".to_owned(),
            );
        }
        lines.push("makes    user_sessions.session_id".to_owned());
    }
    lines.push("makes    the services' own columns in user_sessions".to_owned());
    lines.push(LOCK.to_owned());
    lines.push("leaves   every other table, row, view and trigger as it is".to_owned());
    lines
}

/// After step one of `up`.
#[must_use]
pub fn fitted(found: &Found) -> String {
    let stay = stay(found);
    let went = found.sessions - stay;
    format!(
        "done     user_sessions has the columns of the services; deleted: {}; kept: {}",
        rows(went),
        rows(stay)
    )
}

/// Before step two of `up`, where an earlier run did step one.
pub(crate) fn of_begun(record: &Record) -> String {
    format!(
        "found    an interrupted `up`: user_sessions already has the columns of the services (it was in \
         shape {})",
        record.shape
    )
}

/// Before step one of `down`.
pub(crate) fn to_leave(
    record: &Record,
    ours: i64,
    made_extension: bool,
    keep_session_id: bool,
) -> Vec<String> {
    let mut lines = vec![format!(
        "found    a database that `up` took over, in shape {}",
        record.shape
    )];
    lines.push("stops    the services, from now on".to_owned());
    if keep_session_id {
        lines.push(
            "stays    user_sessions.session_id: an application of after 8 November 2025 can log in"
                .to_owned(),
        );
    } else {
        lines.push(
            "stops    an application of after 8 November 2025 cannot log in on the shape that \
             this leaves; --keep-session-id leaves one on which it can"
                .to_owned(),
        );
        lines.push("goes     user_sessions.session_id".to_owned());
        lines.push("makes    user_sessions.token and refresh_token, empty".to_owned());
    }
    lines.push(format!("goes     the services' sessions: {}", rows(ours)));
    lines.push("stays    the rows of the old application".to_owned());
    let columns = record.columns.iter().map(String::as_str);
    let columns: Vec<_> = columns.filter(|name| *name != "session_id").collect();
    lines.push(format!(
        "goes     the services' own columns in user_sessions: {}",
        columns.join(", ")
    ));
    lines.push(LOCK.to_owned());
    lines.push(indexes_to_drop(record));
    lines.extend(made_extension.then(extension_to_drop));
    lines
}

/// A line of `down`: a later migration added this column to one of the application's tables.
pub(crate) fn column_to_drop((table, column): (&str, &str)) -> String {
    format!("goes     {table}.{column}, with all that is in it; {table} is locked for an instant")
}

/// Before step two of `down`, where an earlier run did step one.
pub(crate) fn to_go_on_leaving(record: &Record, made_extension: bool) -> Vec<String> {
    let mut lines = vec![
        "found    an interrupted `down`: user_sessions is already given back".to_owned(),
        indexes_to_drop(record),
    ];
    lines.extend(made_extension.then(extension_to_drop));
    lines
}

fn extension_to_drop() -> String {
    "goes     the extension pg_trgm, which `up` made, unless something else needs it".to_owned()
}

fn indexes_to_drop(record: &Record) -> String {
    format!(
        "goes     the services' {} indexes, one after another; reading and writing go on",
        record.indexes.len()
    )
}

/// Of the rows found, those that stay.
fn stay(found: &Found) -> i64 {
    match found.shape {
        Shape::SessionId => found.sessions,
        Shape::SessionIdAndBlank => found.sessions - 1,
        Shape::Tokens | Shape::Neither | Shape::RolledBack => 0,
    }
}

/// Sessions, counted.
fn rows(count: i64) -> String {
    match count {
        0 => "no session".to_owned(),
        1 => "1 session".to_owned(),
        count => format!("{count} sessions"),
    }
}
