//! A channel that sends the access token with each call.

use super::{PairStore, SessionClient};
use http::{HeaderValue, header::AUTHORIZATION};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tonic::{Status, body::Body};
use tower::Service;

/// Adds `authorization: Bearer <token>` to each call of a [`tonic::transport::Channel`]. Generated
/// clients accept it as a channel. If there is no token, the call is not made: it answers
/// UNAUTHENTICATED with the reason if only a log-in helps, and otherwise UNAVAILABLE or INTERNAL.
///
/// A refused call is neither repeated nor followed by a refresh. If a token is refused as expired
/// although it is valid by this client's clock, the clocks differ, and an additional refresh could
/// separate the holders of the session. Any other refusal would not change.
#[derive(Clone, Debug)]
pub struct WithAccessToken<C, S> {
    channel: C,
    session: SessionClient<S>,
}

impl<S: PairStore> SessionClient<S> {
    /// A channel whose calls send this session's access token.
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
        // the clone that was polled ready must make the call
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
