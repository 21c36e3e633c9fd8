//! The caller's own sessions.

use super::{AuthError, Sessions};
use crate::{model::Session, store::SessionPosition};
use contract::{
    ids::{SessionId, UserId},
    pages::{Page, PageSize},
};

/// How many sessions a page holds at most.
pub type SessionPageSize = PageSize<20, 100>;

impl Sessions {
    /// Lists the live sessions of the user whose session asks, newest first.
    pub async fn list(
        &self,
        user: UserId,
        asks: SessionId,
        after: Option<SessionPosition>,
        page_size: SessionPageSize,
    ) -> Result<Page<Session, SessionPosition>, AuthError> {
        let limit = page_size.limit();
        let rows = self.store.list_sessions(user, asks, after, limit).await?;
        let page = page_size.page(rows, |(position, _)| *position);
        Ok(page.map(|(_, session)| session))
    }
}
