//! Whether the old application has these tables, too.

use super::{Store, StoreError};
use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, Query},
};

impl Store {
    /// Whether the tables were the old application's before they were ours.
    pub async fn is_adopted(&self) -> Result<bool, StoreError> {
        let query = Query::select()
            .column("name")
            .from("ticketing_migrations")
            .and_where(Expr::col("origin").eq("adopted"))
            .limit(1)
            .take();
        Ok(self
            .database
            .connection()
            .query_one(&query)
            .await?
            .is_some())
    }
}
