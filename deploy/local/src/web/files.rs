//! The files of `deploy/web`, which are part of the program.

use super::{Body, full, plain};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};

/// What the page may load and call: what comes from its own origin. It matches `nginx.conf`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Where the page begins.
const START: &str = "/partner/requests";

const INDEX: &str = include_str!("../../../web/index.html");

macro_rules! files {
    ($($name:literal $content_type:ident),* $(,)?) => {
        /// By path.
        const FILES: &[(&str, &str, &str)] = &[
            $((concat!("/web/", $name), $content_type, include_str!(concat!("../../../web/", $name)))),*
        ];
    };
}

files! {
    "style.css" CSS,
    "app.js" SCRIPT,
    "api.js" SCRIPT,
    "session.js" SCRIPT,
    "ui.js" SCRIPT,
    "words/en.js" SCRIPT,
    "words/ar.js" SCRIPT,
    "views/changes.js" SCRIPT,
    "views/detail.js" SCRIPT,
    "views/devices.js" SCRIPT,
    "views/filters.js" SCRIPT,
    "views/list.js" SCRIPT,
    "views/log-in.js" SCRIPT,
    "views/names.js" SCRIPT,
    "views/partners.js" SCRIPT,
    "views/password.js" SCRIPT,
}

/// Answers a request for a file. Each path below `/partner` is a view of the one page.
pub(super) fn answer<B>(request: &Request<B>) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let mut answer = plain(status, "text/plain", "Files are read only.\n");
        let allowed = HeaderValue::from_static("GET, HEAD");
        answer.headers_mut().insert(header::ALLOW, allowed);
        return answer;
    }
    let path = request.uri().path();
    if path == "/" || path == "/partner" || path == "/partner/" {
        let mut answer = plain(StatusCode::TEMPORARY_REDIRECT, "text/plain", START);
        let start = HeaderValue::from_static(START);
        answer.headers_mut().insert(header::LOCATION, start);
        return answer;
    }
    if path.starts_with("/partner/") {
        return file(HTML, INDEX);
    }
    match FILES.iter().find(|(name, ..)| *name == path) {
        Some((_, content_type, content)) => file(content_type, content),
        None => plain(
            StatusCode::NOT_FOUND,
            "text/plain",
            "There is no such file.\n",
        ),
    }
}

fn file(content_type: &'static str, content: &'static str) -> Response<Body> {
    let mut answer = Response::new(full(content));
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // a new version of the program has new files
        (header::CACHE_CONTROL, "no-cache"),
    ];
    for (name, value) in headers {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    answer
}
