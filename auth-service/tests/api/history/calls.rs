//! Calls to the replicas, each recorded.

use super::{
    record::{Action, Holder, Number, Outcome, Presented, Recorder},
    world::{Endpoint, World},
};
use crate::doors::{Door, INACTIVE};
use contract::{errors::reason_of, time::Timestamp};
use proto::auth::v1::{
    ChangePasswordRequest, CreateSessionRequest, GetJwksRequest, RefreshSessionRequest,
    RevokeAllSessionsRequest, RevokeOwnSessionRequest, RevokeSessionRequest, TokenPair,
};
use std::{sync::Arc, time::Duration};
use testing::{
    auth::{PASSWORD, with_token},
    refusals,
};
use tonic::{Code, Response, Status};

/// How long a caller listens that does not mean to lose the answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);

/// A pair of tokens, and what it is in the history.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) session: Number,
    pub(super) tokens: TokenPair,
}

impl Pair {
    fn presented(&self, expires_at: Option<prost_types::Timestamp>) -> Presented {
        Presented {
            session: self.session,
            generation: self.tokens.generation,
            expires_at: time(expires_at),
        }
    }

    /// When its access token ends.
    pub(super) fn access_until(&self) -> Timestamp {
        self.access().expires_at
    }

    fn access(&self) -> Presented {
        self.presented(self.tokens.access_token_expire_time)
    }

    fn issued(tokens: &TokenPair) -> Outcome {
        Outcome::Issued {
            generation: tokens.generation,
            refresh_expires_at: time(tokens.refresh_token_expire_time),
        }
    }
}

fn time(time: Option<prost_types::Timestamp>) -> Timestamp {
    Timestamp::try_from(time.unwrap()).unwrap()
}

/// What a caller learns.
#[derive(Debug)]
pub(super) enum Answer<T> {
    Done(T),
    Refused,
    Unknown,
}

impl<T> Answer<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Self::Done(done) => Answer::Done(change(done)),
            Self::Refused => Answer::Refused,
            Self::Unknown => Answer::Unknown,
        }
    }

    pub(super) fn done(self) -> Option<T> {
        match self {
            Self::Done(done) => Some(done),
            Self::Refused | Self::Unknown => None,
        }
    }
}

/// What one user's callers have in common.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) world: Arc<World>,
    pub(super) recorder: Arc<Recorder>,
}

impl Caller {
    /// Waits for an answer, and records it. One that does not come in time is
    /// dropped, and with it the call.
    async fn send<T>(
        &self,
        action: Action,
        patience: Duration,
        call: impl Future<Output = Result<Response<T>, Status>>,
        succeeded: impl Fn(&T) -> Outcome,
    ) -> Answer<T> {
        let invoked = self.recorder.moment();
        let answer = tokio::time::timeout(patience, call).await;
        let (outcome, answer) = match answer {
            Ok(Ok(answer)) => {
                let answer = answer.into_inner();
                (succeeded(&answer), Answer::Done(answer))
            }
            Ok(Err(status)) => match refused(&status) {
                Outcome::Unknown => (Outcome::Unknown, Answer::Unknown),
                outcome => (outcome, Answer::Refused),
            },
            Err(_elapsed) => (Outcome::Unknown, Answer::Unknown),
        };
        self.recorder.keep(action, invoked, outcome);
        self.world.time.operation();
        answer
    }

    pub(super) async fn create(
        &self,
        mut at: Endpoint,
        session: Number,
        email: &str,
        password: u32,
        patience: Duration,
    ) -> Answer<(Pair, String)> {
        let request = CreateSessionRequest {
            email: email.to_owned(),
            password: password_text(password),
            device_info: String::new(),
        };
        let call = at.public.create_session(request);
        let action = Action::Create { session, password };
        let answer = self.send(action, patience, call, |answer| {
            Pair::issued(answer.tokens.as_ref().unwrap())
        });
        answer.await.map(|answer| {
            let tokens = answer.tokens.unwrap();
            (Pair { session, tokens }, answer.session.unwrap().session_id)
        })
    }

    pub(super) async fn refresh(
        &self,
        mut at: Endpoint,
        pair: &Pair,
        holder: Holder,
        patience: Duration,
    ) -> Answer<Pair> {
        let request = RefreshSessionRequest {
            refresh_token: pair.tokens.refresh_token.clone(),
        };
        let token = pair.presented(pair.tokens.refresh_token_expire_time);
        let action = Action::Refresh { token, holder };
        let call = at.public.refresh_session(request);
        let answer = self.send(action, patience, call, |answer| {
            Pair::issued(answer.tokens.as_ref().unwrap())
        });
        answer.await.map(|answer| Pair {
            session: pair.session,
            tokens: answer.tokens.unwrap(),
        })
    }

    pub(super) async fn validate(&self, at: Endpoint, pair: &Pair, door: Door) -> Answer<()> {
        let token = pair.access();
        let call = Box::pin(door.ask(&at.internal, &pair.tokens.access_token));
        self.done(Action::Validate { token }, PATIENCE, call).await
    }

    pub(super) async fn revoke(
        &self,
        mut at: Endpoint,
        pair: &Pair,
        by_access_token: bool,
        patience: Duration,
    ) -> Answer<()> {
        let token = if by_access_token {
            &pair.tokens.access_token
        } else {
            &pair.tokens.refresh_token
        };
        let request = RevokeSessionRequest {
            token: token.clone(),
        };
        let action = Action::Revoke {
            session: pair.session,
        };
        let call = at.public.revoke_session(request);
        self.done(action, patience, call).await
    }

    pub(super) async fn revoke_own(
        &self,
        mut at: Endpoint,
        by: &Pair,
        session: Number,
        id: &str,
    ) -> Answer<()> {
        let request = RevokeOwnSessionRequest {
            session_id: id.to_owned(),
        };
        let request = with_token(request, &by.tokens.access_token);
        let by = by.access();
        let call = at.public.revoke_own_session(request);
        let action = Action::RevokeOwn { by, session };
        self.done(action, PATIENCE, call).await
    }

    pub(super) async fn revoke_all(
        &self,
        mut at: Endpoint,
        by: &Pair,
        keep_current: bool,
    ) -> Answer<()> {
        let request = RevokeAllSessionsRequest {
            keep_current: Some(keep_current),
        };
        let request = with_token(request, &by.tokens.access_token);
        let by = by.access();
        let call = at.public.revoke_all_sessions(request);
        let action = Action::RevokeAll { by, keep_current };
        self.done(action, PATIENCE, call).await
    }

    pub(super) async fn change_password(
        &self,
        mut at: Endpoint,
        by: &Pair,
        from: u32,
        patience: Duration,
    ) -> Answer<()> {
        let request = ChangePasswordRequest {
            current_password: password_text(from),
            new_password: password_text(from + 1),
        };
        let request = with_token(request, &by.tokens.access_token);
        let by = by.access();
        let call = at.public.change_password(request);
        let action = Action::ChangePassword { by, from };
        self.done(action, patience, call).await
    }

    /// Disables or enables the user by SQL, and says whether it is committed.
    pub(super) async fn set_active(&self, email: &str, is_active: bool) -> bool {
        let invoked = self.recorder.moment();
        let script = format!("UPDATE users SET is_active = {is_active} WHERE email = '{email}'");
        let is_done = self.world.execute(&script).await.is_ok();
        let outcome = if is_done {
            Outcome::Done
        } else {
            Outcome::Unknown
        };
        let action = if is_active {
            Action::Enable
        } else {
            Action::Disable
        };
        self.recorder.keep(action, invoked, outcome);
        self.world.time.operation();
        is_done
    }

    /// After a dropped call: by the time that the replica answers this one, which
    /// takes the same way, it has stopped to work on the dropped one.
    pub(super) async fn fence(&self, mut at: Endpoint) {
        let call = at.public.get_jwks(GetJwksRequest {});
        let _answered_or_cut = tokio::time::timeout(PATIENCE, call).await;
    }

    async fn done<T>(
        &self,
        action: Action,
        patience: Duration,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Answer<()> {
        let answer = self.send(action, patience, call, |_| Outcome::Done).await;
        answer.map(|_| ())
    }
}

/// The user's passwords, in the order of their changes.
fn password_text(number: u32) -> String {
    match number {
        0 => PASSWORD.to_owned(),
        number => format!("{PASSWORD} {number}"),
    }
}

fn refused(status: &Status) -> Outcome {
    if status.message() == INACTIVE {
        return Outcome::Refused(INACTIVE.to_owned());
    }
    refusals::assert_kept(status);
    let reason = reason_of(status).unwrap_or_default();
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied | Code::NotFound => Outcome::Refused(reason),
        // others come from the client's own side, too
        _ if reason == "INTERNAL" => Outcome::Broken,
        _ => Outcome::Unknown,
    }
}
