//! Notes when generations were first used, off the caller's path.

use super::{Store, StoreError};
use crate::model::Generation;
use contract::ids::SessionId;
use database::Dialect;
use sea_orm::{ConnectionTrait, Statement, Value};

/// `$1`: session ids, `$2`: their generations, `$3`: the clock's offset. Rows are locked in the
/// order of their ids, as everywhere. A locked row is skipped, because a late note only delays the
/// detection of reuse.
const POSTGRES: &str = "\
    UPDATE user_sessions s SET used_at = clock_timestamp() + $3 * interval '1 microsecond' \
    FROM (SELECT t.id FROM user_sessions t \
          JOIN unnest($1, $2) AS m (session_id, generation) \
          ON t.session_id = m.session_id AND t.generation = m.generation \
          WHERE t.used_at IS NULL ORDER BY t.session_id FOR UPDATE OF t SKIP LOCKED) due \
    WHERE s.id = due.id AND s.used_at IS NULL";

/// `$1`: pairs of session id and generation as JSON, `$2`: the clock's offset.
const SQLITE: &str = "\
    UPDATE user_sessions SET used_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000 + $2 \
    WHERE used_at IS NULL AND (session_id, generation) IN \
          (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($1))";

impl Store {
    /// Notes the first use of generations that are current and not used yet.
    pub async fn note_first_uses(
        &self,
        used: &[(SessionId, Generation)],
    ) -> Result<(), StoreError> {
        let offset: Value = self.database.offset_micros().into();
        let dialect = self.database.dialect();
        let (text, values): (&str, Vec<Value>) = match dialect {
            Dialect::Postgres => {
                let ids: Vec<String> = used.iter().map(|(id, _)| id.to_string()).collect();
                let generations: Vec<i32> = used.iter().map(|(_, number)| number.0).collect();
                (POSTGRES, vec![ids.into(), generations.into(), offset])
            }
            Dialect::Sqlite => {
                let pairs: Vec<(String, i32)> = used
                    .iter()
                    .map(|(id, number)| (id.to_string(), number.0))
                    .collect();
                (
                    SQLITE,
                    vec![serde_json::json!(pairs).to_string().into(), offset],
                )
            }
        };
        let statement = Statement::from_sql_and_values(dialect.backend(), text, values);
        self.database.connection().execute_raw(statement).await?;
        Ok(())
    }
}
