//! Whether the old application uses the same tables.

use super::{Store, StoreError};
use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, Query},
};

impl Store {
    /// Whether the old application created the tables.
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
