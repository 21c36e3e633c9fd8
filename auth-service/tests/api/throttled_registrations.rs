//! Registrations from one network, which wait as guesses do.

use crate::throttle::{SLACK, advance, client_from, new_customer, waits};
use proto::auth::v1::RegisterRequest;
use testing::{
    Kind, Role, TestDatabase,
    auth::{Auth, PASSWORD, refusal},
};
use tonic::Code;

testing::on_both_databases! {
    async fn registrations_of_a_network_are_counted_by_the_hour(kind: Kind) {
        let database = TestDatabase::migrated(kind).await;
        let url = database.url_as(Role::Auth);
        let auth = Auth::start_through(database, &url, &["--throttle-registrations=2"]).await;
        let register = async |email: &str, password: &str| {
            let request = RegisterRequest { password: password.to_owned(), ..new_customer(email) };
            auth.client().register(request).await.map(|_| ())
        };
        for _ in 0..3 {
            let rejected = refusal(register("a@example.com", "short").await);
            assert_eq!(rejected.0, Code::InvalidArgument, "and not counted");
        }
        register("a@example.com", PASSWORD).await.expect("registered");
        let taken = refusal(register("a@example.com", PASSWORD).await);
        assert_eq!(taken.0, Code::AlreadyExists, "and counted: it tells who has an account");
        waits(register("b@example.com", PASSWORD).await, 3_600);
        let elsewhere = client_from(7, auth.replica.public).register(new_customer("c@example.com")).await;
        elsewhere.expect("another network");
        advance(&auth, 3_600 - SLACK);
        waits(register("b@example.com", PASSWORD).await, SLACK);
        advance(&auth, SLACK);
        register("b@example.com", PASSWORD).await.expect("another hour");
    }
}
