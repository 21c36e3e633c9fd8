//! Lists the caller's own sessions.

use super::AuthError;
use crate::{
    model::Session,
    store::{SessionPosition, Store},
};
use contract::{
    ids::{SessionId, UserId},
    pages::{Page, PageSize},
};

/// The largest number of sessions in a page.
pub type SessionPageSize = PageSize<20, 100>;

/// Lists sessions and audit events.
#[derive(Clone, Debug)]
pub struct Lists {
    pub(super) store: Store,
}

impl Lists {
    /// Lists the content of this database.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Lists the active sessions of the caller, newest first.
    pub async fn sessions(
        &self,
        user: UserId,
        caller: SessionId,
        after: Option<SessionPosition>,
        page_size: SessionPageSize,
    ) -> Result<Page<Session, SessionPosition>, AuthError> {
        let limit = page_size.limit();
        let rows = self.store.list_sessions(user, caller, after, limit).await?;
        let page = page_size.page(rows, |(position, _)| *position);
        Ok(page.map(|(_, session)| session))
    }
}
