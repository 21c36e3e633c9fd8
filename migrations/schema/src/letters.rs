//! How a database treats letters: its encoding and its locale.

use crate::{error::MigrateError, query, trigrams};
use sea_orm::{ConnectionTrait, DbErr};

/// Refuses a database whose encoding cannot store the letters of every script. SQL_ASCII treats
/// letters as bytes; a database with it that was taken over earlier is still accepted.
pub async fn refuse_encoding(
    on: &impl ConnectionTrait,
    is_taken_over: bool,
) -> Result<(), MigrateError> {
    let encoding = encoding(on).await?;
    match encoding.as_str() {
        "UTF8" => Ok(()),
        "SQL_ASCII" if is_taken_over => Ok(()),
        _ => Err(MigrateError::Encoding(encoding)),
    }
}

/// Warnings for the operator, which do not stop `up`.
pub async fn warnings(on: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let encoding = encoding(on).await?;
    if encoding != "UTF8" {
        return Ok(vec![format!(
            "warns    the database's encoding is {encoding}, so case is ignored for ASCII letters \
             only: a search for école does not find ÉCOLE. Move the tables to a database with \
             the encoding UTF8"
        )]);
    }
    let folds: bool = query::row(on, "SELECT lower('É') = 'é'").await?;
    if folds && trigrams::sees_letters(on, "أحمد").await? {
        return Ok(Vec::new());
    }
    let locale: String = query::row(on, LOCALE).await?;
    Ok(vec![format!(
        "warns    the database's LC_CTYPE is {locale}, which knows only the letters of ASCII: a search \
         for école does not find ÉCOLE, and a search for an Arabic name reads all requests. Create a \
         database with LC_CTYPE 'C.UTF-8', as deploy/INSTALL.md says, and move the tables there"
    )])
}

const LOCALE: &str = "SELECT datctype::text FROM pg_database WHERE datname = current_database()";

async fn encoding(on: &impl ConnectionTrait) -> Result<String, DbErr> {
    query::row(on, "SELECT current_setting('server_encoding')").await
}
