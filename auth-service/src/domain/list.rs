//! The caller's own sessions.

use super::{AuthError, Sessions};
use crate::{model::Session, store::SessionPosition};
use contract::ids::{SessionId, UserId};

/// A page of sessions.
#[derive(Clone, Debug)]
pub struct SessionPage {
    /// The sessions, newest first.
    pub sessions: Vec<Session>,
    /// Where the next page starts; `None`: this is the last.
    pub next: Option<SessionPosition>,
}

impl Sessions {
    /// Lists the live sessions of the user whose session asks, newest first.
    pub async fn list(
        &self,
        user: UserId,
        asks: SessionId,
        after: Option<SessionPosition>,
        page_size: u32,
    ) -> Result<SessionPage, AuthError> {
        // one more than asked for tells whether there is a next page
        let limit = page_size + 1;
        let mut rows = self.store.list_sessions(user, asks, after, limit).await?;
        let more = rows.len() > page_size as usize;
        rows.truncate(page_size as usize);
        let next = rows.last().map(|(position, _)| *position).filter(|_| more);
        Ok(SessionPage {
            sessions: rows.into_iter().map(|(_, session)| session).collect(),
            next,
        })
    }
}
