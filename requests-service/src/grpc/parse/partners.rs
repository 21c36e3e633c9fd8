//! Reads requests about partners into the model.

use super::{MAX_TEXT, TOKEN_VERSION, UNKNOWN, fields::searched, token_invalid, way};
use crate::{
    domain::{PartnersQuery, With},
    model::{AnyCase, PartnerFilter, PartnerOrder, PartnerOrderField, PartnerSort, PartnerStatus},
};
use contract::{
    fields::Fields,
    fingerprint::Fingerprint,
    ids::CategoryId,
    page_tokens::{self, PageTokens, nullable},
};
use proto::requests::v1::{
    ListPartnersRequest, PartnerFilter as WireFilter, PartnerOrder as WireOrder,
    PartnerOrderField as WireField, PartnerStatus as WireStatus,
};
use tonic::Status as Refusal;

/// Reads ListPartners, and returns the page tokens of the list.
pub(in crate::grpc) fn list(
    message: &ListPartnersRequest,
) -> Result<(PartnersQuery, PageTokens), Refusal> {
    let ListPartnersRequest {
        filter: wire_filter,
        order: wire_order,
        page_size,
        page_token,
        include_total_size,
        include_counts,
        include_branches,
    } = message;
    let mut fields = Fields::default();
    let filter = wire_filter
        .as_ref()
        .map_or_else(PartnerFilter::default, |wire| filter(&mut fields, wire));
    let order = order(&mut fields, wire_order.unwrap_or_default());
    let page_size = fields.page_size(*page_size);
    let (filter, order, page_size) = fields.done((filter, order, page_size))?;
    let list = Fingerprint::of("ListPartners", &(&filter, order));
    let tokens = PageTokens::of(TOKEN_VERSION, list);
    let after = tokens.read(page_token, |bytes| sort(order.field, bytes));
    let query = PartnersQuery {
        filter,
        order,
        page_size,
        after: after.map_err(token_invalid)?,
        with: With {
            total_size: *include_total_size,
            counts: *include_counts,
            branches: *include_branches,
        },
    };
    Ok((query, tokens))
}

/// Reads the sort value in a page token of this order. A name is not accepted as a time, nor a time
/// as a name. Every row has a name.
#[allow(
    clippy::option_option,
    reason = "`None` is no position; `Some(None)` lacks a time"
)]
fn sort(field: PartnerOrderField, bytes: &[u8]) -> Option<Option<PartnerSort>> {
    match field {
        PartnerOrderField::Name => {
            let name = nullable(bytes, page_tokens::text)??;
            Some(Some(PartnerSort::Name(name)))
        }
        PartnerOrderField::Created | PartnerOrderField::Updated => nullable(bytes, |bytes| {
            page_tokens::time(bytes).map(PartnerSort::Time)
        }),
    }
}

fn order(fields: &mut Fields, wire: WireOrder) -> PartnerOrder {
    let WireOrder { field, direction } = wire;
    PartnerOrder {
        field: match WireField::try_from(field) {
            Ok(WireField::Unspecified | WireField::CreateTime) => PartnerOrderField::Created,
            Ok(WireField::UpdateTime) => PartnerOrderField::Updated,
            Ok(WireField::Name) => PartnerOrderField::Name,
            Err(_) => {
                fields.refuse("order.field", UNKNOWN);
                PartnerOrderField::default()
            }
        },
        direction: way(fields, direction),
    }
}

fn filter(fields: &mut Fields, wire: &WireFilter) -> PartnerFilter {
    let WireFilter {
        statuses,
        category_ids,
        name,
    } = wire;
    PartnerFilter {
        statuses: fields.values("filter.statuses", statuses, |value| status(*value)),
        categories: fields.ids("filter.category_ids", category_ids, CategoryId),
        name: searched(fields, "filter.name", name, MAX_TEXT, AnyCase::new),
    }
}

fn status(value: i32) -> Result<PartnerStatus, &'static str> {
    match WireStatus::try_from(value) {
        Ok(WireStatus::Active) => Ok(PartnerStatus::Active),
        Ok(WireStatus::Inactive) => Ok(PartnerStatus::Inactive),
        Ok(WireStatus::Suspended) => Ok(PartnerStatus::Suspended),
        Ok(WireStatus::Unspecified) | Err(_) => Err("must be a status other than UNSPECIFIED"),
    }
}
