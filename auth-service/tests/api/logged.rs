//! The log says what happened.

use crate::{
    process::{Process, configured},
    served::{Served as _, unauthenticated},
    throttle::new_customer,
};
use testing::{
    Kind, Role, TestDatabase,
    auth::{PASSWORD, refusal},
};

const MONA: &str = "mona@example.com";

testing::on_both_databases! {
    async fn a_refresh_that_is_refused_is_not_said_to_have_refreshed(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let folder = tempfile::tempdir().unwrap();
        let command = configured(folder.path(), &database.url_as(Role::Auth));
        let process = Process::start(command).await;
        process.public_client().register(new_customer(MONA)).await.unwrap();
        let tokens = process.log_in_with(MONA, PASSWORD).await.unwrap();
        let tokens = process.refresh(&tokens.refresh_token).await.unwrap();
        process.revoke(&tokens.access_token).await.unwrap();
        let refused = refusal(process.refresh(&tokens.refresh_token).await);
        assert_eq!(refused, unauthenticated("SESSION_ENDED"));
        process.terminate().await;
        let (_code, printed) = process.ended().await;
        let said = |words: &str| printed.lines().filter(|line| line.contains(words)).count();
        assert_eq!((said("session refreshed"), said("refresh refused")), (1, 1), "{printed}");
        assert_eq!(said("refreshed"), 1, "{printed}");
    }
}
