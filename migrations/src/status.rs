//! `status`: the applied and the pending migrations.

use database::{Database, Dialect};
use schema::{bookkeeping, error::MigrateError, found};

/// One line for each migration of this build and of the bookkeeping, oldest first. A last line says
/// whether a take-over is unfinished, or whether the tables are the application's.
pub async fn status(database: &Database) -> Result<String, MigrateError> {
    let (on, dialect) = (database.connection(), database.dialect());
    let applied = bookkeeping::read(on, dialect).await?;
    let unknown = applied.unknown();
    let mut lines: Vec<(&str, String)> = Vec::new();
    for row in applied.rows() {
        let is_unknown = unknown.contains(&row.name.as_str());
        let newer = if is_unknown { ", by a newer build" } else { "" };
        let (name, origin, at) = (&row.name, row.origin.text(), row.at);
        lines.push((name, format!("applied  {name}  {origin} {at}{newer}")));
    }
    for migration in applied.pending() {
        lines.push((migration.name, format!("pending  {}", migration.name)));
    }
    lines.sort();
    let mut lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
    if dialect == Dialect::Postgres && adopt::is_under_way(on).await? {
        lines.push(
            "not done: `migrate up` continues to take the database over, `migrate down` gives it back"
                .to_owned(),
        );
    } else if applied.is_empty()
        && let Some(names) = found::of_application(on, dialect).await?
    {
        lines.push(format!(
            "holds the application's own {names}, which migrate did not make"
        ));
    }
    Ok(lines.join("\n"))
}
