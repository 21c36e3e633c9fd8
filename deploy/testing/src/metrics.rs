//! Scrapes a service's metrics, as Prometheus does.

use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

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

/// Scrapes by HTTP/1.1, as Prometheus does. A listener that does not speak it closes the
/// connection; the answer is then empty, or not text.
pub async fn scrape(address: SocketAddr) -> Scraped {
    get_by(address, "/metrics", "1.1")
        .await
        .expect("it listens")
}

/// Gets a path by HTTP/1.0, whose answers come in one piece. `None` if nobody listens.
pub async fn get(address: SocketAddr, path: &str) -> Option<Scraped> {
    get_by(address, path, "1.0").await
}

async fn get_by(address: SocketAddr, path: &str, version: &str) -> Option<Scraped> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let request =
        format!("GET {path} HTTP/{version}\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    // a connection that is reset has no answer either
    let _may_be_reset = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    Some(Scraped {
        head: head.to_owned(),
        body: body.to_owned(),
    })
}
