//! Paths of plain HTTP, such as `/oauth2/introspect`. They are behind the same layers as the gRPC
//! services. Their access rules are in a table, because no proto file contains these paths.

use super::{LoadShedLayer, connect::read_to_end, reasons};
use crate::session_layer::SessionLayer;
use axum::routing::{MethodFilter, on_service};
use client::validation::Validator;
use contract::access_rules::InvalidRules;
use http::{HeaderValue, Request, Response, header};
use http_body_util::Full;
use serde::Serialize;
use std::convert::Infallible;
use tonic::{Status, body::Body, service::Routes};
use tower::{Layer as _, ServiceExt as _, service_fn};

/// Adds a path to the routes of a listener, behind the load shedding and the session layer.
/// Fails if the session layer has no access rule for it.
pub fn add_path<V, F>(
    routes: Routes,
    path: &'static str,
    methods: MethodFilter,
    (load_shed, sessions): (&LoadShedLayer, &SessionLayer<V>),
    handler: impl Fn(Request<Body>) -> F + Clone + Send + Sync + 'static,
) -> Result<Routes, InvalidRules>
where
    V: Validator,
    F: Future<Output = Result<Response<Body>, Status>> + Send + 'static,
{
    if !sessions.has_rule(path) {
        return Err(InvalidRules::Path(path.to_owned()));
    }
    let served = service_fn(move |request| {
        let answer = handler(request);
        async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(Status::into_http)) }
    });
    let served = load_shed.layer(sessions.layer(served));
    let served = served.map_request(|request: Request<axum::body::Body>| request.map(Body::new));
    let router = routes.into_axum_router();
    Ok(router.route(path, on_service(methods, served)).into())
}

/// The body of a request, if it is not longer than a message may be.
pub async fn read_body(body: Body) -> Result<Vec<u8>, Status> {
    read_to_end(body).await
}

/// A JSON answer with its `cache-control`.
pub fn json_answer(
    content_type: &'static str,
    cache_control: &str,
    body: &impl Serialize,
) -> Result<Response<Body>, Status> {
    let fault = |error: &dyn std::error::Error| reasons::fault(&error.to_string());
    let body = serde_json::to_vec(body).map_err(|error| fault(&error))?;
    let kept = HeaderValue::try_from(cache_control).map_err(|error| fault(&error))?;
    let mut answer = Response::new(Body::new(Full::from(body)));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, kept);
    Ok(answer)
}
