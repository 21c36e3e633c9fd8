//! A walk over sessions that are to be ended: which come next. A page is read at a time,
//! and given out in batches.

use crate::{
    model::Scope,
    store::{BATCH, SessionPosition, Store, StoreError},
};
use std::collections::VecDeque;

/// Rows that one query reads. Their ids fit in memory, and the query costs little beside
/// ending that many sessions.
pub(super) const PAGE: usize = 10_000;

/// Where a walk goes on.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// With a user's sessions after a position, newest first.
    Sessions(Option<SessionPosition>),
    /// With the user's other rows.
    Others,
    /// With rows of any user after this one.
    Rows(i32),
    /// Nowhere.
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

    /// The next batch. `None`: there are no more rows.
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

    /// After the end of the walk, a batch of what was begun behind it. `None`: there is
    /// none, or it is not meant.
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
