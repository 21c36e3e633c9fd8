use super::*;
use crate::serve::metrics_registry;
use http::HeaderValue;
use prometheus_client::encoding::text;
use std::future::{Ready, pending, ready};

const METHOD: &str = "ticketing.auth.v1.SessionValidationService/ValidateSession";

/// A service that gives this answer, or none.
#[derive(Clone)]
struct Stub(Option<Code>);

impl Service<Request<Body>> for Stub {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = futures_util::future::Either<
        Ready<Result<Response<Body>, Infallible>>,
        std::future::Pending<Result<Response<Body>, Infallible>>,
    >;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        match self.0 {
            None => futures_util::future::Either::Right(pending()),
            Some(Code::Ok) => {
                futures_util::future::Either::Left(ready(Ok(Response::new(Body::empty()))))
            }
            Some(code) => {
                futures_util::future::Either::Left(ready(Ok(Status::new(code, "no").into_http())))
            }
        }
    }
}

fn calls() -> (MetricsRegistry, Calls) {
    let mut registry = metrics_registry("t", "1");
    let calls = Calls::register(&mut registry, [format!("/{METHOD}").as_str()]);
    (registry, calls)
}

fn request(path: &str) -> Request<Body> {
    Request::post(path).body(Body::empty()).unwrap()
}

/// The series of a metric, without those that are zero.
fn counted(registry: &MetricsRegistry, name: &str) -> Vec<String> {
    let mut all = String::new();
    text::encode(&mut all, registry).unwrap();
    let lines = all.lines().filter_map(|line| line.strip_prefix(name));
    let counted = lines.filter(|line| line.starts_with('{') && !line.ends_with(" 0"));
    let mut counted: Vec<_> = counted.map(str::to_owned).collect();
    counted.sort_unstable();
    counted
}

#[tokio::test]
async fn each_call_is_counted_once_under_its_method_and_code() {
    let (registry, calls) = calls();
    for code in [Code::Ok, Code::Ok, Code::Unavailable] {
        let service = calls.layer(Stub(Some(code)));
        let answer = service.oneshot(request(&format!("/{METHOD}"))).await;
        answer.unwrap();
    }
    assert_eq!(
        counted(&registry, "t_calls_total"),
        [
            format!("{{method=\"{METHOD}\",code=\"OK\"}} 2"),
            format!("{{method=\"{METHOD}\",code=\"UNAVAILABLE\"}} 1"),
        ]
    );
    let durations = counted(&registry, "t_call_duration_seconds_count");
    assert_eq!(durations, [format!("{{method=\"{METHOD}\"}} 3")]);
}

#[tokio::test]
async fn nobody_from_outside_makes_a_series() {
    let (registry, calls) = calls();
    for path in [
        "/a.A/A",
        &format!("/{METHOD}x"),
        &format!("/{METHOD}/"),
        "/",
    ] {
        let service = calls.layer(Stub(Some(Code::Unimplemented)));
        service.oneshot(request(path)).await.unwrap();
    }
    assert_eq!(
        counted(&registry, "t_calls_total"),
        ["{method=\"unknown\",code=\"UNIMPLEMENTED\"} 4"]
    );
}

#[tokio::test]
async fn a_call_that_is_given_up_is_cancelled_and_no_longer_in_flight() {
    let (registry, calls) = calls();
    let mut service = calls.layer(Stub(None));
    let mut call = service.call(request(&format!("/{METHOD}")));
    assert!(futures_util::poll!(&mut call).is_pending());
    assert_eq!(
        counted(&registry, "t_calls_in_flight"),
        [format!("{{method=\"{METHOD}\"}} 1")]
    );
    drop(call);
    assert!(counted(&registry, "t_calls_in_flight").is_empty());
    assert_eq!(
        counted(&registry, "t_calls_total"),
        [format!("{{method=\"{METHOD}\",code=\"CANCELLED\"}} 1")]
    );
}

#[tokio::test]
async fn the_answer_says_by_which_name_the_call_is_in_the_log() {
    let (_, calls) = calls();
    let mut named = request(&format!("/{METHOD}"));
    named
        .headers_mut()
        .insert(REQUEST_ID, HeaderValue::from_static("page-7"));
    for code in [Code::Ok, Code::NotFound] {
        let service = calls.layer(Stub(Some(code)));
        let mut request = request(&format!("/{METHOD}"));
        request.headers_mut().clone_from(named.headers());
        let answer = service.oneshot(request).await.unwrap();
        assert_eq!(answer.headers().get(REQUEST_ID).unwrap(), "page-7");
    }
}
