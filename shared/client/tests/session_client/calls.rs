//! Calls that carry the session's token.

use crate::world::{OVER, World, credentials, token};
use client::session_client::{MemoryStore, SessionClient};
use proto::auth::v1::{ListSessionsRequest, auth_service_client::AuthServiceClient};
use testing::{
    Kind,
    auth::{channel, refusal},
};
use tonic::{Code, Status};

/// The caller's sessions: a call that only a session may make.
async fn list(world: &World, client: &SessionClient<MemoryStore>) -> Result<usize, Status> {
    let channel = client.over(channel(world.auth.replica.public));
    let mut client = AuthServiceClient::new(channel);
    let answer = client.list_sessions(ListSessionsRequest::default());
    Ok(answer.await?.into_inner().sessions.len())
}

testing::on_both_databases! {
    async fn a_call_carries_a_good_token_without_being_told(kind: Kind) {
        let world = World::start(kind).await;
        let (client, store) = world.logged_in().await;
        for _ in 0..3 {
            assert_eq!(list(&world, &client).await.unwrap(), 1);
            world.use_and_wait(OVER).await;
        }
        token(&client, &store).await;
    }

    async fn a_call_without_a_token_is_not_made_and_says_why(kind: Kind) {
        let world = World::start(kind).await;
        let (client, _store) = world.logged_in().await;
        let nobody = world.client(MemoryStore::default());
        let missing = (Code::Unauthenticated, "TOKEN_MISSING".to_owned());
        assert_eq!(refusal(list(&world, &nobody).await), missing);
        world.use_and_wait(OVER).await;
        world.auth.database.execute("UPDATE user_sessions SET is_active = FALSE").await;
        let ended = (Code::Unauthenticated, "SESSION_ENDED".to_owned());
        assert_eq!(refusal(list(&world, &client).await), ended);
        client.log_in(credentials()).await.unwrap();
        assert_eq!(list(&world, &client).await.unwrap(), 1);
    }
}
