//! Calls that find every connection to the database dead.

use crate::{Role, TestDatabase};
use futures_util::future::join_all;
use tonic::Status;

/// Ends every connection of a service's role, then makes the calls, `at_once` or one after the
/// other. Fails unless all of them are answered. At least four connections must have been used
/// before, so that a repeated call may find another dead one.
pub async fn assert_answered<F>(database: &TestDatabase, role: Role, calls: Vec<F>, at_once: bool)
where
    F: Future<Output = Result<(), Status>>,
{
    let ended = database.end_connections_of(role).await;
    assert!(ended >= 4, "{ended} connections were in use");
    let answers = if at_once {
        join_all(calls).await
    } else {
        let mut answers = Vec::new();
        for call in calls {
            answers.push(call.await);
        }
        answers
    };
    let failed = answers.iter().filter_map(|answer| answer.as_ref().err());
    let failed: Vec<_> = failed.map(Status::code).collect();
    assert!(failed.is_empty(), "at once: {at_once}, {failed:?}");
}
