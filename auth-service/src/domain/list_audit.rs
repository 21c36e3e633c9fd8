//! The audit log, for staff.

use super::{AuthError, Sessions};
use crate::model::{AuditEntry, AuditFilter, AuditPosition};

/// A page of the audit log.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// The events, newest first.
    pub entries: Vec<AuditEntry>,
    /// Where the next page starts; `None`: this is the last.
    pub next: Option<AuditPosition>,
}

impl Sessions {
    /// Lists events, newest first.
    pub async fn list_audit(
        &self,
        filter: &AuditFilter,
        after: Option<AuditPosition>,
        page_size: u32,
    ) -> Result<AuditPage, AuthError> {
        // one more than asked for tells whether there is a next page
        let mut entries = self.store.list_audit(filter, after, page_size + 1).await?;
        let more = entries.len() > page_size as usize;
        entries.truncate(page_size as usize);
        let next = entries.last().map(|entry| entry.position);
        Ok(AuditPage {
            entries,
            next: next.filter(|_| more),
        })
    }
}
