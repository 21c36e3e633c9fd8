//! `envoy.service.auth.v3.Authorization/Check`: Envoy's filter `ext_authz` asks by gRPC whether a
//! request may pass.
//!
//! Envoy lets a request pass whose answer has no `status`, so each answer here is built from one.

use super::{ProxyQuestions, RouteRule, identity, is_refusal, route_rule};
use contract::bearer::BearerToken;
use envoy_types::{
    ext_authz::v3::pb::{
        Authorization, CheckRequest, CheckResponse, DeniedHttpResponse, HeaderAppendAction,
        HeaderValue, HeaderValueOption, HttpResponse, HttpStatus, OkHttpResponse,
    },
    pb::google::rpc,
};
use proto::auth::v1::ErrorReason;
use server::serve::json_refusal;
use std::collections::{BTreeSet, HashMap};
use tonic::{
    Code, Request, Response, Status,
    metadata::{AsciiMetadataValue, MetadataMap},
};

const AUTHORIZATION: &str = "authorization";
/// In the route's `context_extensions`, beside what [`RouteRule`] has: whether the service behind
/// Envoy gets the client's token, `true` or `false`.
const FORWARD: &str = "forward_authorization";

/// The handler of Envoy's method.
#[derive(Clone, Debug)]
pub struct EnvoyHandlers {
    questions: ProxyQuestions,
}

impl EnvoyHandlers {
    /// Handlers that ask these questions.
    #[must_use]
    pub fn new(questions: ProxyQuestions) -> Self {
        Self { questions }
    }
}

#[tonic::async_trait]
impl Authorization for EnvoyHandlers {
    async fn check(
        &self,
        request: Request<CheckRequest>,
    ) -> Result<Response<CheckResponse>, Status> {
        let attributes = request.into_inner().attributes.unwrap_or_default();
        let http = attributes.request.and_then(|request| request.http);
        let headers = http.unwrap_or_default().headers;
        let decided = self.decide(&headers, attributes.context_extensions).await;
        let answer = match decided {
            Ok(passed) => respond(&Status::ok(""), HttpResponse::OkResponse(passed)),
            Err(refusal) if is_refusal(&refusal) => {
                let denied = denied(&refusal, is_grpc(&headers));
                respond(&refusal, HttpResponse::DeniedResponse(denied))
            }
            Err(no_answer) => return Err(no_answer),
        };
        Ok(Response::new(answer))
    }
}

impl EnvoyHandlers {
    async fn decide(
        &self,
        headers: &HashMap<String, String>,
        mut route: HashMap<String, String>,
    ) -> Result<OkHttpResponse, Status> {
        let is_forwarded = match route.remove(FORWARD).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => return Err(route_rule::unknown(FORWARD, other)),
        };
        let rule = RouteRule::read(route)?;
        let principal = self.questions.ask(token(headers), &rule).await?;

        let (told, absent): (Vec<_>, Vec<_>) = identity::headers(&principal)
            .into_iter()
            .partition(|(_, value)| value.is_some());
        let told: HashMap<_, _> = told.into_iter().collect();
        let forged = headers.keys().map(String::as_str);
        let forged = forged.filter(|name| identity::is_ours(name) && !told.contains_key(name));
        let absent = absent.into_iter().map(|(name, _)| name);
        let secret = (!is_forwarded).then_some(AUTHORIZATION);
        let removed: BTreeSet<&str> = forged.chain(absent).chain(secret).collect();
        Ok(OkHttpResponse {
            headers: told
                .into_iter()
                .filter_map(|(name, value)| value.map(|value| header(name, value)))
                .collect(),
            headers_to_remove: removed.into_iter().map(str::to_owned).collect(),
            ..OkHttpResponse::default()
        })
    }
}

/// The client's token. Envoy has joined several headers of one name with a comma, which no token
/// contains.
fn token(headers: &HashMap<String, String>) -> Result<BearerToken, ErrorReason> {
    let mut metadata = MetadataMap::new();
    let sent = headers.get(AUTHORIZATION);
    if let Some(sent) = sent.and_then(|sent| AsciiMetadataValue::try_from(sent.as_str()).ok()) {
        metadata.insert(AUTHORIZATION, sent);
    }
    BearerToken::from_metadata(&metadata)
}

fn is_grpc(headers: &HashMap<String, String>) -> bool {
    let sent = headers.get("content-type");
    sent.is_some_and(|sent| sent.starts_with("application/grpc"))
}

/// Every answer comes from here.
fn respond(status: &Status, http_response: HttpResponse) -> CheckResponse {
    CheckResponse {
        status: Some(rpc::Status {
            code: status.code().into(),
            message: status.message().to_owned(),
            details: Vec::new(),
        }),
        dynamic_metadata: None,
        http_response: Some(http_response),
    }
}

/// What the client gets. For gRPC, Envoy makes the code from the HTTP status, and the message from
/// the body.
fn denied(refusal: &Status, grpc: bool) -> DeniedHttpResponse {
    let (mut head, json) = json_refusal(refusal).into_parts();
    let body = if grpc {
        head.headers.remove(http::header::CONTENT_TYPE);
        // the details, as gRPC encodes them
        let encoded = Status::with_details(Code::Unknown, "", refusal.details().to_vec().into());
        let _ = encoded.add_header(&mut head.headers);
        head.headers.remove(Status::GRPC_STATUS);
        head.headers.remove(Status::GRPC_MESSAGE);
        refusal.message().to_owned()
    } else {
        json
    };
    let headers = head.headers.iter().filter_map(|(name, value)| {
        let value = value.to_str().ok()?.to_owned();
        Some(header(name.as_str(), value))
    });
    DeniedHttpResponse {
        status: Some(HttpStatus {
            code: i32::from(head.status.as_u16()),
        }),
        headers: headers.collect(),
        body,
    }
}

#[allow(deprecated, reason = "the literal has all fields")]
fn header(name: &str, value: String) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue {
            key: name.to_owned(),
            value,
            raw_value: Vec::new(),
        }),
        append: None,
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
        keep_empty_value: false,
    }
}
