//! The digest of a row's own columns.

use super::entity::partner_request::Model;
use crate::model::Etag;
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::time::Timestamp;

/// 96 bits. Two states of one row never have the same digest in practice, and guessing one gains
/// nothing.
const LENGTH: usize = 12;
/// The number of bytes of a typical row.
const USUAL: usize = 1_024;

/// The digest of all columns of a row. The row is destructured, so that a new column does not
/// compile until it is part of the digest.
///
/// Replicas of two builds serve the same clients. So a column that is added later comes last, and
/// adds its name and its value only if it has a value: a row without a value keeps its etag.
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

/// The bytes of the columns. They are digested together, because many small pieces take several
/// times as long.
struct Columns(Vec<u8>);

impl Columns {
    /// Adds a column: whether it is NULL, its length, and its bytes. So two different rows never
    /// have the same bytes.
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
