//! What a service tells Prometheus.

use crate::auth::channel;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tonic::{body::Body, codegen::Service as _};

/// The answer to `GET /metrics`.
#[derive(Clone, Debug)]
pub struct Scraped {
    /// Status line and headers.
    pub head: String,
    /// The metrics.
    pub body: String,
}

impl Scraped {
    /// The value of a series by its whole name: `name_total{label="value"}`.
    #[must_use]
    pub fn value(&self, series: &str) -> Option<f64> {
        let value = |line: &str| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok();
        self.body.lines().find_map(value)
    }

    /// All series of a metric that are not zero, each as `{label="value"} 3`.
    #[must_use]
    pub fn counted(&self, name: &str) -> Vec<&str> {
        let mut counted: Vec<_> = self
            .body
            .lines()
            .filter_map(|line| line.strip_prefix(name))
            .filter(|rest| rest.starts_with(['{', ' ']) && !rest.ends_with(" 0"))
            .map(str::trim_start)
            .collect();
        counted.sort_unstable();
        counted
    }
}

/// Asks as Prometheus does, by HTTP/1.1. Who speaks none hangs up: the answer is
/// then empty, or no text.
pub async fn scrape(address: SocketAddr) -> Scraped {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it is sent");
    let mut answer = Vec::new();
    // a connection that is reset has no answer either
    let _may_be_reset = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    Scraped {
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// Asks by HTTP/2; a header of the answer.
pub async fn header_over_http2(address: SocketAddr, header: &str) -> Option<String> {
    let mut channel = channel(address);
    let request = tonic::codegen::http::Request::get("/metrics")
        .body(Body::empty())
        .expect("a request");
    std::future::poll_fn(|context| channel.poll_ready(context))
        .await
        .expect("it listens");
    let answer = channel.call(request).await.expect("it answers");
    let value = answer.headers().get(header)?;
    Some(value.to_str().expect("visible text").to_owned())
}
