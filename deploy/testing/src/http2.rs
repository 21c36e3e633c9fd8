//! Requests by HTTP/2, whatever they are.

use crate::auth::channel;
use std::net::SocketAddr;
use tonic::{
    body::Body,
    codegen::{
        Service as _,
        http::{Request, Response},
    },
    transport::{Channel, Error},
};

/// A message as gRPC frames it ("gRPC over HTTP2", Length-Prefixed-Message). The flag of one
/// that is not compressed is 0.
#[must_use]
pub fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a length of four bytes");
    [&[flag], length.to_be_bytes().as_slice(), message].concat()
}

/// What is answered to a request on this channel.
pub async fn exchange(
    channel: &mut Channel,
    request: Request<Body>,
) -> Result<Response<Body>, Error> {
    std::future::poll_fn(|context| channel.poll_ready(context)).await?;
    channel.call(request).await
}

/// What is answered to a request.
pub async fn send(address: SocketAddr, request: Request<Body>) -> Response<Body> {
    let answer = exchange(&mut channel(address), request).await;
    answer.expect("it listens, and it answers")
}

/// What is answered to a GET.
pub async fn get(address: SocketAddr, path: &str) -> Response<Body> {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    send(address, request).await
}
