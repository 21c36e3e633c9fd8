//! One trace through both services and into their statements, as a collector gets it.

use crate::process::Running;
use client::tls::{CertificateFiles, ServerTlsFiles};
use hex::encode as hex;
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    trace::v1::Span,
};
use proto::{
    auth::v1::{CreateSessionRequest, auth_service_client::AuthServiceClient},
    requests::v1::{
        ListPartnerRequestsRequest, partner_requests_service_client::PartnerRequestsServiceClient,
    },
};
use serde_json::Value;
use server::serve::Listener;
use std::{fmt::Write as _, path::Path};
use testing::{
    auth::{channel, with_token},
    certificates::{Authority, Mounted},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, service::Routes};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
const LIST: &str = "ticketing.requests.v1.PartnerRequestsService/ListPartnerRequests";
const VALIDATE: &str = "ticketing.auth.v1.SessionValidationService/ValidateSession";

/// Takes what is exported.
struct Collector(mpsc::UnboundedSender<ExportTraceServiceRequest>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let _ = self.0.send(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

type Exported = mpsc::UnboundedReceiver<ExportTraceServiceRequest>;

/// A collector, its address, and what it gets. With files it speaks TLS, and asks for a
/// certificate of their authority.
async fn collector(tls: Option<&Mounted>) -> (String, Exported) {
    let (spans, exported) = mpsc::unbounded_channel();
    let scheme = if tls.is_some() { "https" } else { "http" };
    let tls = tls.map(|mounted| ServerTlsFiles {
        own: CertificateFiles {
            certificate: mounted.certificate(),
            key: mounted.key(),
        },
        client_authority: Some(mounted.authority()),
    });
    let listener = Listener::bind("collector", "127.0.0.1:0".parse().unwrap())
        .await
        .unwrap()
        .with_tls(tls)
        .unwrap();
    let address = format!("{scheme}://localhost:{}", listener.address().port());
    let routes = Routes::new(TraceServiceServer::new(Collector(spans)));
    tokio::spawn(listener.serve(routes, CancellationToken::new()));
    (address, exported)
}

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let span = spans.iter().find(|span| span.name == name);
    span.unwrap_or_else(|| {
        panic!(
            "{name} in {:?}",
            spans.iter().map(|s| &s.name).collect::<Vec<_>>()
        )
    })
}

/// Logs in and lists, in a caller's trace and under its name; the access token.
async fn list_as_page_7(running: &Running) -> String {
    let request = CreateSessionRequest {
        email: "partner@swift.example".to_owned(),
        password: local::demo::PASSWORD.to_owned(),
        device_info: String::new(),
    };
    let mut client = AuthServiceClient::new(channel(running.auth()));
    let answer = client.create_session(request).await.unwrap().into_inner();
    let access_token = answer.tokens.unwrap().access_token;

    let mut request = with_token(ListPartnerRequestsRequest::default(), &access_token);
    let parent = format!("00-{TRACE}-{CALLER}-01");
    let metadata = request.metadata_mut();
    metadata.insert("traceparent", parent.parse().unwrap());
    metadata.insert("x-request-id", "page-7".parse().unwrap());
    let mut client = PartnerRequestsServiceClient::new(channel(running.requests()));
    let answer = client.list_partner_requests(request).await.unwrap();
    assert_eq!(answer.metadata().get("x-request-id").unwrap(), "page-7");
    access_token
}

#[tokio::test(flavor = "multi_thread")]
async fn the_logs_of_both_services_name_the_call_and_its_trace_also_where_nothing_is_exported() {
    let directory = tempfile::tempdir().unwrap();
    let running = Running::start_with(directory.path(), &[], &[("RUST_LOG", "server=debug")]);
    list_as_page_7(&running).await;
    let log = running.terminate_for_log();
    for method in [LIST, VALIDATE] {
        let is_its = |line: &&Value| {
            line["fields"]["message"] == "answered"
                && line["method"] == method
                && line["request_id"] == "page-7"
                && line["trace_id"] == TRACE
        };
        let lines: Vec<Value> = log
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        assert!(lines.iter().any(|line| is_its(&line)), "{method}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_one_trace_through_both_services_and_into_their_statements() {
    let (endpoint, mut exported) = collector(None).await;
    let directory = tempfile::tempdir().unwrap();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        // what is said to a log has nothing to do with it
        ("RUST_LOG", "error"),
    ];
    let running = Running::start_with(directory.path(), &[], &variables);
    let access_token = list_as_page_7(&running).await;

    // the last spans come before the end
    assert!(running.terminate().success());
    let mut spans = Vec::new();
    let mut everything = String::new();
    while let Ok(request) = exported.try_recv() {
        write!(everything, "{request:?}").unwrap();
        for resource in request.resource_spans {
            let of_it = resource
                .scope_spans
                .into_iter()
                .flat_map(|scope| scope.spans);
            spans.extend(of_it.filter(|span| hex(&span.trace_id) == TRACE));
        }
    }
    let list = named(&spans, LIST);
    assert_eq!(hex(&list.parent_span_id), CALLER);
    let validate = named(&spans, "validate");
    assert_eq!(validate.parent_span_id, list.span_id);
    let validation = named(&spans, VALIDATE);
    assert_eq!(validation.parent_span_id, validate.span_id);
    let look_up = named(&spans, "look_up");
    assert_eq!(look_up.parent_span_id, validation.span_id);
    let is_statement =
        |span: &&Span| span.name.starts_with("sea_orm.") && span.parent_span_id == list.span_id;
    assert!(spans.iter().any(|span| is_statement(&span)), "{spans:?}");
    for span in [list, validation] {
        let id = span
            .attributes
            .iter()
            .find(|attribute| attribute.key == "request_id");
        assert!(format!("{id:?}").contains("page-7"), "{span:?}");
    }
    for part in access_token.split('.').chain([local::demo::PASSWORD]) {
        assert!(!everything.contains(part), "a secret is exported: {part}");
    }
    assert!(everything.contains("ticketing-local"));
}

/// The names of the spans in the caller's trace, once a process has ended that was to send
/// them by TLS.
async fn exported_by_tls(collector_has: &Mounted, client: &Mounted) -> Vec<String> {
    let (endpoint, mut exported) = collector(Some(collector_has)).await;
    let text = |path: &Path| path.display().to_string();
    let (authority, certificate) = (text(&client.authority()), text(&client.certificate()));
    let key = text(&client.key());
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", &authority),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &certificate),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", &key),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
    ];
    let directory = tempfile::tempdir().unwrap();
    let running = Running::start_with(directory.path(), &[], &variables);
    list_as_page_7(&running).await;
    assert!(running.terminate().success());
    let mut names = Vec::new();
    while let Ok(request) = exported.try_recv() {
        let resources = request.resource_spans.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        let spans = scopes.flat_map(|scope| scope.spans);
        let ours = spans.filter(|span| hex(&span.trace_id) == TRACE);
        names.extend(ours.map(|span| span.name));
    }
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_are_sent_by_tls_to_a_collector_of_the_named_authority_alone() {
    let (ours, another) = (Authority::new(), Authority::new());
    let collector = Mounted::new(&ours.server(&["localhost"]), &ours);
    let client = ours.client(&["ticketing"]);
    let names = exported_by_tls(&collector, &Mounted::new(&client, &ours)).await;
    assert!(names.iter().any(|name| name == LIST), "{names:?}");

    // calls are served all the same
    let names = exported_by_tls(&collector, &Mounted::new(&client, &another)).await;
    assert_eq!(names, [""; 0]);
}

#[test]
fn a_collector_that_cannot_be_reached_so_is_refused_at_the_start() {
    const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    const CERTIFICATE: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";
    const KEY: &str = "OTEL_EXPORTER_OTLP_CLIENT_KEY";
    let ours = Authority::new();
    let mounted = Mounted::new(&ours.client(&["ticketing"]), &ours);
    let (authority, key) = (mounted.authority(), mounted.key());
    let (authority, key) = (authority.to_str().unwrap(), key.to_str().unwrap());
    let https = (ENDPOINT, "https://collector:4317");
    for (variables, code, named) in [
        (vec![(ENDPOINT, "collector:4317")], 64, ENDPOINT),
        (vec![https], 64, CERTIFICATE),
        (
            vec![(ENDPOINT, "https://"), (CERTIFICATE, authority)],
            64,
            ENDPOINT,
        ),
        (
            vec![https, (CERTIFICATE, authority), (KEY, key)],
            64,
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
        ),
        (
            vec![https, (CERTIFICATE, "/nowhere/ca.crt")],
            1,
            "/nowhere/ca.crt",
        ),
    ] {
        let mut command = std::process::Command::new(crate::process::PROGRAM);
        let output = command.envs(variables).output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{message}");
        assert!(message.contains(named), "{named} in {message}");
    }
}
