//! How many statements a call costs, read off the wire to PostgreSQL.

use crate::{rows::first_use_is_written, served::Served as _};
use testing::{Kind, Role, TestDatabase, auth::Auth, tap::Tap};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_validation_costs_one_statement() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let tap = Tap::start(&database).await;
    let url = database.url_tapped(&tap, Role::Auth);
    let auth = Auth::start_through(database, &url, &[]).await;
    auth.add_customer("sara@example.com").await;
    let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
    assert!(
        tap.taken().len() >= 5,
        "the tap works: look-up, BEGIN, writes, COMMIT"
    );

    let principal = auth
        .validate(&tokens.access_token)
        .await
        .unwrap()
        .principal
        .unwrap();
    assert_eq!(principal.role, "customer");
    first_use_is_written(&auth.database).await;
    let _before = tap.taken();
    for _ in 0..3 {
        auth.validate(&tokens.access_token).await.unwrap();
        let statements = tap.taken();
        assert_eq!(statements.len(), 1, "{statements:?}");
    }
    auth.list(&tokens.access_token).await.unwrap();
    let statements = tap.taken();
    assert_eq!(
        statements.len(),
        2,
        "one to validate, one to list: {statements:?}"
    );
    auth.revoke(&tokens.access_token).await.unwrap();
    let statements = tap.taken();
    assert_eq!(statements.len(), 1, "{statements:?}");
}
