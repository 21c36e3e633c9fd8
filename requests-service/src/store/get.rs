//! Finds one request by its id or number.

use super::{
    Store, StoreError,
    entity::{
        branch,
        partner_request::{self as requests, Column},
    },
    filter,
    names::Names,
    row::{self, Cells, RequestRow},
    statement::statement,
};
use crate::model::{BranchContact, Key, Read, Visibility};
use contract::time::Timestamp;
use database::Database;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, FromQueryResult, QueryFilter as _, QueryResult,
    QuerySelect as _, QueryTrait as _, Select, sea_query::Expr,
};

impl Store {
    /// The request with this key, if the caller may see it.
    pub async fn get(&self, visibility: Visibility, key: &Key) -> Result<Option<Read>, StoreError> {
        let on = self.database.connection();
        read(&self.database, &self.names, on, visibility, key).await
    }
}

/// [`Store::get`] on a connection that may be in a transaction.
pub(super) async fn read(
    database: &Database,
    names: &Names,
    on: &impl ConnectionTrait,
    visibility: Visibility,
    key: &Key,
) -> Result<Option<Read>, StoreError> {
    let select = select(visibility, key, database.now());
    let statement = statement(database.dialect(), select.as_query());
    let Some(row) = ReadRow::find_by_statement(statement).one(on).await? else {
        return Ok(None);
    };
    let requests = std::iter::once(&row.row.request);
    let names = names.of(on, database.dialect(), requests).await?;
    let contact = BranchContact {
        address: row.branch_address,
        phone: row.branch_phone,
    };
    Ok(Some(Read {
        branch_contact: row.row.request.branch_id.is_some().then_some(contact),
        has_unknown_status: row.row.has_unknown_status(),
        now: row.now,
        request: row.row.named(&names),
    }))
}

pub(super) fn select(visibility: Visibility, key: &Key, now: Expr) -> Select<requests::Entity> {
    row::find()
        .column_as(branch::Column::Address, "branch_address")
        .column_as(branch::Column::Phone, "branch_phone")
        .expr_as(now, "now")
        .filter(filter::visible(visibility))
        .filter(named(key))
}

/// The condition for the row of a key.
pub(super) fn named(key: &Key) -> Expr {
    match key {
        Key::Id(id) => Column::Id.eq(id.0),
        Key::Number(number) => Column::RequestNumber.eq(number.as_str()),
    }
}

struct ReadRow {
    row: RequestRow,
    branch_address: Option<String>,
    branch_phone: Option<String>,
    now: Timestamp,
}

impl FromQueryResult for ReadRow {
    fn from_query_result(row: &QueryResult, _prefix: &str) -> Result<Self, DbErr> {
        let mut cells = Cells::of(row);
        Ok(Self {
            row: RequestRow::read(&mut cells)?,
            branch_address: cells.next()?,
            branch_phone: cells.next()?,
            now: cells.next()?,
        })
    }
}
