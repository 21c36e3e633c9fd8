//! Reads requests into the model. A refusal names every invalid field with its path.

mod changes;
mod count;
mod fields;
mod partners;

pub(super) use partners::list as partners;

pub(super) use changes::{assign, close, update};

pub(super) use count::count;

use crate::{
    domain::ListQuery,
    model::{AnyCase, Direction, Filter, Key, Order, OrderField, SearchText, Status},
};
use contract::{
    errors::{InvalidField, invalid_fields},
    fields::Fields,
    fingerprint::Fingerprint,
    ids::{BranchId, CategoryId, PartnerId, PartnerRequestId, PickupOptionId, ServiceId},
    page_tokens::{self, PageTokens, nullable},
};
use fields::{phone, searched, time_range};
use proto::requests::v1::{
    ErrorReason, GetPartnerRequestRequest, ListPartnerRequestsRequest, OrderDirection,
    PartnerRequestFilter, PartnerRequestOrder, PartnerRequestOrderField, PartnerRequestStatus,
    get_partner_request_request::Key as WireKey,
};
use tonic::Status as Refusal;

/// The first byte of page tokens.
const TOKEN_VERSION: u8 = 2;
const MAX_TEXT: usize = 200;
const MAX_PHONE: usize = 50;
const MAX_NUMBER: usize = 50;
const UNKNOWN: &str = "is not a value of this enum";

/// Reads ListPartnerRequests, and returns the page tokens of the list.
pub(super) fn list(
    message: &ListPartnerRequestsRequest,
) -> Result<(ListQuery, PageTokens), Refusal> {
    let ListPartnerRequestsRequest {
        filter: wire_filter,
        order: wire_order,
        page_size,
        page_token,
        include_total_size,
    } = message;
    let mut fields = Fields::default();
    let filter = wire_filter
        .as_ref()
        .map_or_else(Filter::default, |wire| filter(&mut fields, wire));
    let order = order(&mut fields, wire_order.unwrap_or_default());
    let page_size = fields.page_size(*page_size);
    let (filter, order, page_size) = fields.done((filter, order, page_size))?;
    let list = Fingerprint::of("ListPartnerRequests", &(&filter, order));
    let tokens = PageTokens::of(TOKEN_VERSION, list);
    let time = |sort: &[u8]| nullable(sort, page_tokens::time);
    let query = ListQuery {
        filter,
        order,
        page_size,
        after: tokens.read(page_token, time).map_err(token_invalid)?,
        with_total_size: *include_total_size,
    };
    Ok((query, tokens))
}

/// Reads which request to return.
pub(super) fn key(message: &GetPartnerRequestRequest) -> Result<Key, Refusal> {
    let mut fields = Fields::default();
    let key = match &message.key {
        Some(WireKey::RequestId(id)) => Key::Id(fields.id("request_id", *id, PartnerRequestId)),
        Some(WireKey::Number(number)) => Key::Number(fields.text("number", number, 1..=MAX_NUMBER)),
        None => {
            fields.refuse("key", "name the request by request_id or number");
            Key::Number(String::new())
        }
    };
    fields.done(key)
}

fn token_invalid(field: InvalidField) -> Refusal {
    invalid_fields(ErrorReason::PageTokenInvalid, vec![field])
}

fn order(fields: &mut Fields, wire: PartnerRequestOrder) -> Order {
    let PartnerRequestOrder { field, direction } = wire;
    Order {
        field: match PartnerRequestOrderField::try_from(field) {
            Ok(PartnerRequestOrderField::Unspecified | PartnerRequestOrderField::CreateTime) => {
                OrderField::Created
            }
            Ok(PartnerRequestOrderField::UpdateTime) => OrderField::Updated,
            Ok(PartnerRequestOrderField::SubmitTime) => OrderField::Submitted,
            Ok(PartnerRequestOrderField::AssignTime) => OrderField::Assigned,
            Ok(PartnerRequestOrderField::CompleteTime) => OrderField::Completed,
            Err(_) => {
                fields.refuse("order.field", UNKNOWN);
                OrderField::default()
            }
        },
        direction: way(fields, direction),
    }
}

fn way(fields: &mut Fields, direction: i32) -> Direction {
    match OrderDirection::try_from(direction) {
        Ok(OrderDirection::Unspecified | OrderDirection::Descending) => Direction::Descending,
        Ok(OrderDirection::Ascending) => Direction::Ascending,
        Err(_) => {
            fields.refuse("order.direction", UNKNOWN);
            Direction::default()
        }
    }
}

fn filter(fields: &mut Fields, wire: &PartnerRequestFilter) -> Filter {
    let PartnerRequestFilter {
        statuses,
        category_ids,
        branch_ids,
        service_ids,
        pickup_option_ids,
        partner_ids,
        submit_time,
        create_time,
        text,
        customer_name,
        customer_phone,
    } = wire;
    Filter {
        statuses: fields.values("filter.statuses", statuses, |value| status(*value)),
        categories: fields.ids("filter.category_ids", category_ids, CategoryId),
        branches: fields.ids("filter.branch_ids", branch_ids, BranchId),
        services: fields.ids("filter.service_ids", service_ids, ServiceId),
        pickup_options: fields.ids(
            "filter.pickup_option_ids",
            pickup_option_ids,
            PickupOptionId,
        ),
        partners: fields.ids("filter.partner_ids", partner_ids, PartnerId),
        submitted: time_range(fields, "filter.submit_time", *submit_time),
        created: time_range(fields, "filter.create_time", *create_time),
        text: searched(fields, "filter.text", text, MAX_TEXT, SearchText::new),
        customer_name: searched(
            fields,
            "filter.customer_name",
            customer_name,
            MAX_TEXT,
            AnyCase::new,
        ),
        customer_phone: phone(fields, "filter.customer_phone", customer_phone, MAX_PHONE),
    }
}

fn status(value: i32) -> Result<Status, &'static str> {
    match PartnerRequestStatus::try_from(value) {
        Ok(PartnerRequestStatus::Submitted) => Ok(Status::Submitted),
        Ok(PartnerRequestStatus::Assigned) => Ok(Status::Assigned),
        Ok(PartnerRequestStatus::Confirmed) => Ok(Status::Confirmed),
        Ok(PartnerRequestStatus::InProgress) => Ok(Status::InProgress),
        Ok(PartnerRequestStatus::Completed) => Ok(Status::Completed),
        Ok(PartnerRequestStatus::Closed) => Ok(Status::Closed),
        Ok(PartnerRequestStatus::Rejected) => Ok(Status::Rejected),
        Ok(PartnerRequestStatus::Unassigned) => Ok(Status::Unassigned),
        Ok(PartnerRequestStatus::Unspecified) | Err(_) => {
            Err("must be a status other than UNSPECIFIED")
        }
    }
}

#[cfg(test)]
mod tests;
