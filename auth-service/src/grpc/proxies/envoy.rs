//! `envoy.service.auth.v3.Authorization/Check`: Envoy's filter `ext_authz` asks by gRPC whether a
//! request may pass.
//!
//! Envoy lets a request pass whose answer has no `status`, so each answer here is built from one.

use super::{ProxyQuestions, RouteRule, identity, is_refusal, route_rule};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
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
    Request, Response, Status,
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

        let mut told = Vec::new();
        let mut removed = BTreeSet::new();
        for (name, value) in identity::headers(&principal) {
            match value {
                Some(value) => told.push(header(name, value)),
                None => _ = removed.insert(name),
            }
        }
        let is_told = |name: &str| told.iter().any(|option| named(option, name));
        let forged = headers.keys().map(String::as_str);
        removed.extend(forged.filter(|name| identity::is_ours(name) && !is_told(name)));
        if !is_forwarded {
            removed.insert(AUTHORIZATION);
        }
        Ok(OkHttpResponse {
            headers_to_remove: removed.into_iter().map(str::to_owned).collect(),
            headers: told,
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
    if grpc {
        head.headers.remove(http::header::CONTENT_TYPE);
    }
    let headers = head.headers.iter().filter_map(|(name, value)| {
        let value = value.to_str().ok()?.to_owned();
        Some(header(name.as_str(), value))
    });
    let details = grpc.then(|| {
        let encoded = STANDARD_NO_PAD.encode(refusal.details());
        header(Status::GRPC_STATUS_DETAILS.as_str(), encoded)
    });
    DeniedHttpResponse {
        status: Some(HttpStatus {
            code: i32::from(head.status.as_u16()),
        }),
        headers: headers.chain(details).collect(),
        body: if grpc {
            refusal.message().to_owned()
        } else {
            json
        },
    }
}

fn named(option: &HeaderValueOption, name: &str) -> bool {
    option
        .header
        .as_ref()
        .is_some_and(|header| header.key == name)
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
