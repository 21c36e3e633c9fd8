//! Writes partners as messages.

use super::total;
use crate::model::{
    Branch, CountedPage, Partner, PartnerCounts, PartnerPosition, PartnerSort, PartnerStatus,
};
use contract::page_tokens::{PageTokens, SortValue};
use proto::requests::v1::{self as wire, ListPartnersResponse, PartnerStatus as WireStatus};

/// Writes a page.
pub(in crate::grpc) fn page(
    counted: CountedPage<Partner, PartnerPosition>,
    tokens: PageTokens,
) -> ListPartnersResponse {
    let CountedPage { page, total_size } = counted;
    ListPartnersResponse {
        partners: page.rows.into_iter().map(partner).collect(),
        next_page_token: tokens.write(page.next.as_ref()),
        total_size: total_size.map(total),
    }
}

impl SortValue for PartnerSort {
    fn write(&self, token: &mut Vec<u8>) {
        match self {
            Self::Time(time) => time.write(token),
            Self::Name(name) => name.write(token),
        }
    }
}

fn partner(partner: Partner) -> wire::Partner {
    let Partner {
        id,
        name,
        status,
        logo_url,
        contact_email,
        contact_phone,
        created_at,
        updated_at,
        counts,
        branches,
    } = partner;
    wire::Partner {
        partner_id: id.0,
        name,
        status: status.map_or(WireStatus::Unspecified, wire_status).into(),
        logo_url,
        contact_email,
        contact_phone,
        create_time: created_at.map(Into::into),
        update_time: updated_at.map(Into::into),
        counts: counts.map(wire_counts),
        branches: branches.into_iter().map(branch).collect(),
    }
}

fn wire_status(status: PartnerStatus) -> WireStatus {
    match status {
        PartnerStatus::Active => WireStatus::Active,
        PartnerStatus::Inactive => WireStatus::Inactive,
        PartnerStatus::Suspended => WireStatus::Suspended,
    }
}

fn wire_counts(counts: PartnerCounts) -> wire::PartnerCounts {
    let PartnerCounts {
        branches,
        categories,
        requests,
        completed_requests,
        mean_rating,
    } = counts;
    wire::PartnerCounts {
        branches,
        categories,
        requests,
        completed_requests,
        mean_rating,
    }
}

fn branch(branch: Branch) -> wire::Branch {
    let Branch {
        id,
        name,
        latitude,
        longitude,
        radius_km,
        contact_name,
        phone,
        address,
    } = branch;
    wire::Branch {
        branch_id: id.0,
        name,
        latitude,
        longitude,
        radius_km,
        contact_name,
        phone,
        address,
    }
}
