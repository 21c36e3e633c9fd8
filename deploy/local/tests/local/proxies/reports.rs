//! A service that knows no tokens. It answers with what it got.

use axum::{Router, extract::Request, response::Json, routing::any};
use serde_json::{Map, Value, json};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::task::AbortHandle;

pub(super) struct Reports {
    pub(super) address: SocketAddr,
    served: Arc<AtomicUsize>,
    serving: AbortHandle,
}

impl Reports {
    pub(super) async fn start() -> Self {
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let served = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&served);
        let answer = move |request: Request| {
            counted.fetch_add(1, Ordering::SeqCst);
            std::future::ready(Json(received(&request)))
        };
        let app = Router::new().fallback(any(answer));
        let serving = tokio::spawn(async move { axum::serve(socket, app).await });
        Self {
            address,
            served,
            serving: serving.abort_handle(),
        }
    }

    /// How many requests it got.
    pub(super) fn count(&self) -> usize {
        self.served.load(Ordering::SeqCst)
    }
}

impl Drop for Reports {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The path, and the headers; one that came several times is a list.
fn received(request: &Request) -> Value {
    let mut headers = Map::new();
    for name in request.headers().keys() {
        let values = request.headers().get_all(name).iter();
        let mut values: Vec<Value> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into())
            .collect();
        let value = match values.len() {
            1 => values.remove(0),
            _ => values.into(),
        };
        headers.insert(name.to_string(), value);
    }
    json!({ "path": request.uri().to_string(), "headers": headers })
}
