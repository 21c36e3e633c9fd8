//! One request by what names it.

use super::{
    Store, StoreError,
    entity::{
        branch,
        partner_request::{self as requests, Column},
    },
    filter,
    row::{self, RequestRow},
    statement::statement,
};
use crate::model::{BranchContact, Key, PartnerRequest, Read, Visibility};
use contract::time::Timestamp;
use database::Database;
use sea_orm::{
    ConnectionTrait, DbErr, FromQueryResult, QueryResult,
    sea_query::{Expr, ExprTrait as _, Query, SelectStatement},
};

impl Store {
    /// The request of that key, if it exists for the caller.
    pub async fn get(&self, visibility: Visibility, key: &Key) -> Result<Option<Read>, StoreError> {
        read(&self.database, self.database.connection(), visibility, key).await
    }
}

/// [`Store::get`], on a connection that may be in the middle of something.
pub(super) async fn read(
    database: &Database,
    on: &impl ConnectionTrait,
    visibility: Visibility,
    key: &Key,
) -> Result<Option<Read>, StoreError> {
    let select = select(visibility, key, database.now());
    let row = ReadRow::find_by_statement(statement(database.dialect(), &select))
        .one(on)
        .await?;
    Ok(row.map(Read::from))
}

pub(super) fn select(visibility: Visibility, key: &Key, now: Expr) -> SelectStatement {
    let mut select = Query::select();
    select.from(requests::Entity);
    row::select_columns(&mut select);
    for (column, alias) in [
        (branch::Column::Address, "branch_address"),
        (branch::Column::Phone, "branch_phone"),
    ] {
        select.expr_as(Expr::col((branch::Entity, column)), alias);
    }
    select
        .expr_as(now, "now")
        .cond_where(filter::visible(visibility))
        .and_where(named(key))
        .take()
}

/// A row is that of a key.
pub(super) fn named(key: &Key) -> Expr {
    match key {
        Key::Id(id) => Expr::col((requests::Entity, Column::Id)).eq(id.0),
        Key::Number(number) => {
            Expr::col((requests::Entity, Column::RequestNumber)).eq(number.as_str())
        }
    }
}

struct ReadRow {
    row: RequestRow,
    branch_address: Option<String>,
    branch_phone: Option<String>,
    now: Timestamp,
}

impl FromQueryResult for ReadRow {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            row: RequestRow::from_query_result(row, prefix)?,
            branch_address: row.try_get(prefix, "branch_address")?,
            branch_phone: row.try_get(prefix, "branch_phone")?,
            now: row.try_get(prefix, "now")?,
        })
    }
}

impl From<ReadRow> for Read {
    fn from(read: ReadRow) -> Self {
        let has_unknown_status = read.row.has_unknown_status();
        let request = PartnerRequest::from(read.row);
        let contact = BranchContact {
            address: read.branch_address,
            phone: read.branch_phone,
        };
        Self {
            branch_contact: request.branch.is_some().then_some(contact),
            request,
            has_unknown_status,
            now: read.now,
        }
    }
}
