//! The digest of a row's own columns.

use super::entity::partner_request::Model;
use crate::model::Etag;
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::time::Timestamp;

/// 96 bits: two states of one row never share it, and nothing hangs on a guess.
const LENGTH: usize = 12;
/// Bytes of a usual row.
const USUAL: usize = 1_024;

/// Of all that a row says. It is taken apart column by column, so that a new one
/// does not compile before it is part of the digest.
pub(super) fn of(row: &Model) -> Etag {
    let Model {
        id,
        request_number,
        customer_id,
        customer_name,
        customer_phone,
        customer_lat,
        customer_lng,
        customer_address,
        category_id,
        service_id,
        pickup_option_id,
        partner_id,
        branch_id,
        assigned_by_user_id,
        status,
        sla_deadline,
        created_at,
        updated_at,
        submitted_at,
        assigned_at,
        confirmed_at,
        rejected_at,
        in_progress_at,
        completed_at,
        closed_at,
        closed_by_user_id,
        rated_at,
        rating,
        feedback,
        created_by_id,
        updated_by_id,
        is_active,
        is_deleted,
    } = row;
    let mut columns = Columns(Vec::with_capacity(USUAL));
    for number in [
        Some(*id),
        Some(*customer_id),
        Some(*category_id),
        *service_id,
        Some(*pickup_option_id),
        *partner_id,
        *branch_id,
        *assigned_by_user_id,
        *closed_by_user_id,
        *rating,
        *created_by_id,
        *updated_by_id,
        is_active.map(i32::from),
        is_deleted.map(i32::from),
    ] {
        columns.add(number.map(i32::to_be_bytes));
    }
    for text in [
        Some(request_number),
        Some(customer_name),
        Some(customer_phone),
        Some(customer_address),
        status.as_ref(),
        feedback.as_ref(),
    ] {
        columns.add(text);
    }
    for degrees in [customer_lat, customer_lng] {
        columns.add(Some(degrees.to_be_bytes()));
    }
    for time in [
        sla_deadline,
        created_at,
        updated_at,
        submitted_at,
        assigned_at,
        confirmed_at,
        rejected_at,
        in_progress_at,
        completed_at,
        closed_at,
        rated_at,
    ] {
        columns.add(time.map(|time: Timestamp| time.micros().to_be_bytes()));
    }
    columns.etag()
}

/// The columns as they are digested, together: a digest of small pieces takes several times
/// as long.
struct Columns(Vec<u8>);

impl Columns {
    /// One column: whether it is NULL, its length, and its bytes, so that no two
    /// rows are written alike.
    fn add(&mut self, column: Option<impl AsRef<[u8]>>) {
        let Some(column) = column else {
            return self.0.push(0);
        };
        let bytes = column.as_ref();
        self.0.push(1);
        self.0.extend_from_slice(&bytes.len().to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    fn etag(&self) -> Etag {
        let digest = digest(&SHA256, &self.0);
        let bytes = digest.as_ref();
        Etag(URL_SAFE_NO_PAD.encode(bytes.get(..LENGTH).unwrap_or(bytes)))
    }
}
