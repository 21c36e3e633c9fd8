//! A walk over the sessions that are to be ended. It reads a page at a time, and returns batches.

use crate::{
    model::Scope,
    store::{BATCH, SessionPosition, Store, StoreError},
};
use std::collections::VecDeque;

/// The number of rows that one query reads. Their ids fit into memory, and the query is cheap
/// compared to ending that many sessions.
pub(super) const PAGE: usize = 10_000;

/// Where a walk continues.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// With the sessions of a user after a position, newest first.
    Sessions(Option<SessionPosition>),
    /// With the other rows of the user.
    Others,
    /// With the rows of any user after this one.
    Rows(i32),
    /// The walk has ended.
    Over,
}

/// A walk over a scope.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    store: &'a Store,
    scope: &'a Scope,
    stage: Stage,
    page: VecDeque<i32>,
}

impl<'a> Walk<'a> {
    pub(super) fn over(store: &'a Store, scope: &'a Scope) -> Self {
        let stage = match scope {
            Scope::Of { .. } => Stage::Sessions(None),
            Scope::All | Scope::CreatedBefore { .. } => Stage::Rows(i32::MIN),
        };
        Self {
            store,
            scope,
            stage,
            page: VecDeque::new(),
        }
    }

    /// The next batch; `None` if there are no more rows.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<i32>>, StoreError> {
        while self.page.is_empty() {
            if let Stage::Over = self.stage {
                return Ok(None);
            }
            self.read_page().await?;
        }
        let batch = self.page.len().min(BATCH);
        Ok(Some(self.page.drain(..batch).collect()))
    }

    /// After the end of the walk, a batch of sessions that began during the walk, behind its
    /// position. Returns `None` if no session did, or if the scope excludes such sessions.
    pub(super) async fn begun_meanwhile(&mut self) -> Result<Option<Vec<i32>>, StoreError> {
        if let Scope::Of { .. } = self.scope {
            return Ok(None);
        }
        self.stage = Stage::Rows(i32::MIN);
        self.next().await
    }

    async fn read_page(&mut self) -> Result<(), StoreError> {
        let (store, scope) = (self.store, self.scope);
        match (self.stage, *scope) {
            (Stage::Sessions(after), Scope::Of { user, but }) => {
                let page = store.sessions_to_end(user, but, after, PAGE).await?;
                let last = page.last().copied().filter(|_| page.len() == PAGE);
                self.stage = last.map_or(Stage::Others, |last| Stage::Sessions(Some(last)));
                self.page.extend(page.iter().map(|session| session.id));
            }
            (Stage::Others, Scope::Of { user, but }) => {
                self.page
                    .extend(store.other_rows_to_end(user, but, PAGE).await?);
                if self.page.len() < PAGE {
                    self.stage = Stage::Over;
                }
            }
            (Stage::Rows(after), _) => {
                self.page
                    .extend(store.rows_to_end(scope, after, PAGE).await?);
                let last = self
                    .page
                    .back()
                    .copied()
                    .filter(|_| self.page.len() == PAGE);
                self.stage = last.map_or(Stage::Over, Stage::Rows);
            }
            _ => self.stage = Stage::Over,
        }
        Ok(())
    }
}
