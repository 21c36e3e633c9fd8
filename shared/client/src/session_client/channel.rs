//! A channel that carries the access token.

use super::{PairStore, SessionClient};
use http::{HeaderValue, header::AUTHORIZATION};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tonic::{Status, body::Body};
use tower::Service;

/// Puts `authorization: Bearer <token>` into each call, in front of a
/// [`tonic::transport::Channel`]; generated clients take it in its place. Without
/// a token the call is not made: it answers UNAUTHENTICATED with the reason where
/// only a log-in helps, otherwise UNAVAILABLE or INTERNAL.
///
/// Calls are not repeated, nor refreshed for. A token that is refused as expired
/// while this client's clock has it good says that the clocks differ, and a refresh
/// out of turn would part the holders of a session; any other refusal stays what it
/// is.
#[derive(Clone, Debug)]
pub struct WithAccessToken<C, S> {
    channel: C,
    session: SessionClient<S>,
}

impl<S: PairStore> SessionClient<S> {
    /// Calls over this channel carry this session's access token.
    #[must_use]
    pub fn over<C>(&self, channel: C) -> WithAccessToken<C, S> {
        WithAccessToken {
            channel,
            session: self.clone(),
        }
    }
}

impl<C, S> Service<http::Request<Body>> for WithAccessToken<C, S>
where
    C: Service<http::Request<Body>, Response = http::Response<Body>> + Clone + Send + 'static,
    C::Future: Send,
    S: PairStore,
{
    type Response = C::Response;
    type Error = C::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.channel.poll_ready(cx)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let session = self.session.clone();
        // the one that was polled ready makes the call
        let clone = self.channel.clone();
        let mut channel = std::mem::replace(&mut self.channel, clone);
        Box::pin(async move {
            match session.authorization().await {
                Ok(value) => {
                    request.headers_mut().insert(AUTHORIZATION, value);
                    channel.call(request).await
                }
                Err(status) => Ok(status.into_http()),
            }
        })
    }
}

impl<S: PairStore> SessionClient<S> {
    async fn authorization(&self) -> Result<HeaderValue, Status> {
        let token = self.access_token().await?;
        let value = HeaderValue::try_from(format!("Bearer {}", token.expose()));
        let mut value = value.map_err(|_| Status::internal("the access token is no header"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}
