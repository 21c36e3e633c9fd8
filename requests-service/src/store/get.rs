//! One request by what names it.

use super::{
    Store, StoreError,
    entity::partner_request::{self as requests, Column},
    filter,
    row::{self, Row},
};
use crate::model::{Key, PartnerRequest, Visibility};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query, SelectStatement};

impl Store {
    /// The request of that key, if it exists for the caller.
    pub async fn get(
        &self,
        visibility: Visibility,
        key: &Key,
    ) -> Result<Option<PartnerRequest>, StoreError> {
        let row: Option<Row> = self.one(&select(visibility, key)).await?;
        Ok(row.map(PartnerRequest::from))
    }
}

pub(super) fn select(visibility: Visibility, key: &Key) -> SelectStatement {
    let named = match key {
        Key::Id(id) => Expr::col((requests::Entity, Column::Id)).eq(id.0),
        Key::Number(number) => {
            Expr::col((requests::Entity, Column::RequestNumber)).eq(number.as_str())
        }
    };
    let mut select = Query::select();
    select.from(requests::Entity);
    row::select_columns(&mut select);
    select
        .cond_where(filter::visible(visibility))
        .and_where(named)
        .take()
}
