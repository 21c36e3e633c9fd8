//! From messages about partners to the model.

use super::{MAX_TEXT, UNKNOWN, fields::searched, not_a_position, way};
use crate::{
    domain::{PartnersQuery, With},
    grpc::page_token,
    model::{
        AnyCase, PartnerFilter, PartnerOrder, PartnerOrderField, PartnerPosition, PartnerSort,
        PartnerStatus, Position,
    },
};
use contract::{fields::Fields, fingerprint::Fingerprint, ids::CategoryId};
use proto::requests::v1::{
    ListPartnersRequest, PartnerFilter as WireFilter, PartnerOrder as WireOrder,
    PartnerOrderField as WireField, PartnerStatus as WireStatus,
};
use tonic::Status as Refusal;

/// What a list of partners asks for, and the fingerprint of the list.
pub(in crate::grpc) fn list(
    message: &ListPartnersRequest,
) -> Result<(PartnersQuery, Fingerprint), Refusal> {
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
    let fingerprint = Fingerprint::of("ListPartners", &(&filter, order));
    let query = PartnersQuery {
        filter,
        order,
        page_size,
        position: position(page_token, fingerprint, order.field).ok_or_else(not_a_position)?,
        with: With {
            total_size: *include_total_size,
            counts: *include_counts,
            branches: *include_branches,
        },
    };
    Ok((query, fingerprint))
}

/// A position in this order: a name is none among times, nor the reverse,
/// whoever made it up; and no row lacks a name.
fn position(
    token: &str,
    fingerprint: Fingerprint,
    field: PartnerOrderField,
) -> Option<PartnerPosition> {
    let by_name = field == PartnerOrderField::Name;
    let position = page_token::decode(token, fingerprint, |bytes| {
        if by_name {
            page_token::text(bytes).map(PartnerSort::Name)
        } else {
            page_token::time(bytes).map(PartnerSort::Time)
        }
    })?;
    let nameless = by_name && matches!(position, Position::Unsorted { .. });
    (!nameless).then_some(position)
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
        statuses: fields.values("filter.statuses", statuses, status),
        categories: fields.ids("filter.category_ids", category_ids, CategoryId),
        name: searched(fields, "filter.name", name, MAX_TEXT, AnyCase::new),
    }
}

fn status(value: &i32) -> Result<PartnerStatus, &'static str> {
    match WireStatus::try_from(*value) {
        Ok(WireStatus::Active) => Ok(PartnerStatus::Active),
        Ok(WireStatus::Inactive) => Ok(PartnerStatus::Inactive),
        Ok(WireStatus::Suspended) => Ok(PartnerStatus::Suspended),
        Ok(WireStatus::Unspecified) | Err(_) => Err("must be a status other than UNSPECIFIED"),
    }
}
