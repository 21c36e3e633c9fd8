//! Lists the audit log, for staff.

use super::{AuthError, Lists};
use crate::model::{AuditEntry, AuditFilter, AuditPosition};
use contract::pages::{Page, PageSize};

/// The largest number of events in a page.
pub type AuditPageSize = PageSize<20, 100>;

impl Lists {
    /// Lists events, newest first.
    pub async fn audit_events(
        &self,
        filter: &AuditFilter,
        after: Option<AuditPosition>,
        page_size: AuditPageSize,
    ) -> Result<Page<AuditEntry, AuditPosition>, AuthError> {
        let limit = page_size.limit();
        let entries = self.store.list_audit(filter, after, limit).await?;
        Ok(page_size.page(entries, |entry| entry.position))
    }
}
