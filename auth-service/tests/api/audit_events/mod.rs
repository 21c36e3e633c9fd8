//! The audit log: an event for each thing that is done or refused, in the
//! transaction that does it, or soon after where nothing changes.

mod endings;
mod log_ins;
mod refreshes;
mod together;

use crate::rows::{eventually, texts};
use auth_service::grpc::{MAX_DEVICE_CHARACTERS, MAX_REASON};
use proto::auth::v1::{
    ChangePasswordRequest, CreateSessionRequest, CreateSessionResponse, RegisterRequest, TokenPair,
};
use std::time::Duration;
use testing::{
    Kind, TestDatabase,
    auth::{Auth, PASSWORD, with_token},
};
use tonic::Status;

const EMAIL: &str = "sara@example.com";
const MINUTE: Duration = Duration::from_mins(1);

/// Event, outcome, cause, actor, subject, session, address, count and reason.
const LINE: &str = "SELECT event || ' ' || outcome || ' ' || COALESCE(cause, '-') || ' ' || \
    COALESCE(CAST(actor_user_id AS text), '-') || ' ' || COALESCE(CAST(subject_user_id AS text), '-') || ' ' || \
    COALESCE(session_id, '-') || ' ' || COALESCE(ip_address, '-') || ' ' || \
    COALESCE(CAST(ended_count AS text), '-') || ' ' || COALESCE(reason, '-') FROM ticketing_audit_events";

/// The log, read event by event.
struct Log<'a> {
    database: &'a TestDatabase,
    read: usize,
}

impl<'a> Log<'a> {
    fn of(database: &'a TestDatabase) -> Self {
        Self { database, read: 0 }
    }

    async fn lines(&self) -> Vec<String> {
        let lines = texts(self.database, &format!("{LINE} ORDER BY id")).await;
        lines.into_iter().flatten().collect()
    }

    /// The next event is this one, and the last so far.
    async fn says(&mut self, expected: &str) {
        self.read += 1;
        eventually(expected, async || self.lines().await.len() >= self.read).await;
        let lines = self.lines().await;
        assert_eq!(
            lines[self.read - 1..],
            [expected],
            "after {:?}",
            &lines[..self.read - 1]
        );
    }
}

fn session_of(answer: &CreateSessionResponse) -> String {
    answer.session.as_ref().unwrap().session_id.clone()
}

async fn log_in(auth: &Auth, email: &str, password: &str) -> Result<(), Status> {
    let request = CreateSessionRequest {
        email: email.to_owned(),
        password: password.to_owned(),
        device_info: String::new(),
    };
    auth.client().create_session(request).await.map(|_| ())
}

async fn register(auth: &Auth, email: &str) -> Result<i32, Status> {
    let request = RegisterRequest {
        name: "Mona".to_owned(),
        email: email.to_owned(),
        phone: "1".to_owned(),
        password: PASSWORD.to_owned(),
        ..RegisterRequest::default()
    };
    let answer = auth.client().register(request).await?.into_inner();
    Ok(answer.user.unwrap().user_id)
}

async fn change_password(auth: &Auth, token: &str, current: &str) -> Result<(), Status> {
    let request = ChangePasswordRequest {
        current_password: current.to_owned(),
        new_password: PASSWORD.to_owned(),
    };
    let request = with_token(request, token);
    auth.client().change_password(request).await.map(|_| ())
}

/// Logs in, and reads that: the session, and its tokens.
async fn begun(auth: &Auth, log: &mut Log<'_>, user: i32) -> (String, TokenPair) {
    let answer = auth.log_in(EMAIL).await;
    let session = session_of(&answer);
    log.says(&format!(
        "create_session done - {user} {user} {session} 127.0.0.1 - -"
    ))
    .await;
    (session, answer.tokens.unwrap())
}

/// Texts are cut where they come in, far from the columns that hold them. SQLite has no such
/// bound.
#[tokio::test]
async fn the_columns_hold_the_longest_texts_that_are_kept() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    for (column, longest) in [
        ("device_info", MAX_DEVICE_CHARACTERS),
        ("reason", MAX_REASON),
    ] {
        let query = format!(
            "SELECT CAST(character_maximum_length AS integer) FROM information_schema.columns \
             WHERE table_name = 'ticketing_audit_events' AND column_name = '{column}'"
        );
        let holds = database.query_number(&query).await;
        assert_eq!(usize::try_from(holds), Ok(longest), "{column}");
    }
}
