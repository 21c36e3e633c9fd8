//! Runs one test body on each database.

use std::{future::Future, time::Duration};

/// How long one test may take. A test that hangs then fails with its name. No other test takes
/// nearly as long, on any machine.
const LIMIT: Duration = Duration::from_mins(15);

/// Runs a test's body under the limit. Used by [`on_both_databases!`].
///
/// [`on_both_databases!`]: crate::on_both_databases
#[doc(hidden)]
pub async fn within_the_limit(body: impl Future<Output = ()>) {
    tokio::time::timeout(LIMIT, body)
        .await
        .expect("the test is still running after a quarter of an hour");
}

/// Makes two tests of each function, `name::postgres` and `name::sqlite`:
///
/// ```
/// use testing::{Kind, TestDatabase};
///
/// testing::on_both_databases! {
///     async fn a_session_survives_a_restart(kind: Kind) {
///         let database = TestDatabase::migrated(kind).await;
///     }
/// }
/// # fn main() {}
/// ```
///
/// A body that both databases do not share asks `kind`; a test for one of them
/// alone is a plain `#[tokio::test]`.
#[macro_export]
macro_rules! on_both_databases {
    ($(
        $(#[$attribute:meta])*
        async fn $name:ident($kind:ident: $type:ty) $body:block
    )+) => {$(
        $(#[$attribute])*
        async fn $name($kind: $type) $body

        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::within_the_limit(super::$name($crate::Kind::Postgres)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::within_the_limit(super::$name($crate::Kind::Sqlite)).await;
            }
        }
    )+};
}
