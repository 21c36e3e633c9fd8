//! What a database takes letters for: its encoding, and its locale.

use crate::{error::MigrateError, trigrams::ask};
use sea_orm::{ConnectionTrait, DbErr};

/// Refuses a database whose encoding has no place for letters of every script. One of
/// SQL_ASCII takes them for bytes; where it was taken over already, it goes on as it did.
pub(crate) async fn refuse_encoding(
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

/// What does not stop `up`, in lines for the operator.
pub(crate) async fn warnings(on: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let mut warnings = Vec::new();
    let encoding = encoding(on).await?;
    if encoding != "UTF8" {
        warnings.push(format!(
            "warns    the database's encoding is {encoding}, so letters other than ASCII's are bytes \
             to it: it does not tell small ones from capitals. Move it to a database that is UTF8"
        ));
    }
    Ok(warnings)
}

async fn encoding(on: &impl ConnectionTrait) -> Result<String, DbErr> {
    ask(on, "SELECT current_setting('server_encoding') AS answer").await
}
