//! Pages in a browser, which asks before it calls.

use crate::process::{self, PROGRAM, Running, flags};
use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::Command,
};

const CALLS: [&str; 2] = [
    "/ticketing.auth.v1.AuthService/CreateSession",
    "/ticketing.requests.v1.PartnerRequestsService/ListPartnerRequests",
];

/// What a server answers to a browser's question whether a page of an origin may
/// call; empty where it hangs up.
fn pre_flight(server: SocketAddr, call: &str, origin: &str) -> String {
    let mut stream = TcpStream::connect(server).unwrap();
    let _ = write!(
        stream,
        "OPTIONS {call} HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\norigin: {origin}\r\n\
         access-control-request-method: POST\r\n\
         access-control-request-headers: authorization,content-type,x-grpc-web\r\n\r\n"
    );
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).to_ascii_lowercase()
}

fn may_call(answer: &str, origin: &str) -> bool {
    answer.contains(&format!("access-control-allow-origin: {origin}\r\n"))
}

#[test]
fn both_services_answer_the_browser_of_a_page_whose_origin_is_named() {
    let one = "http://localhost:3000";
    let two = "https://partner.example.com";
    let both = format!("{one},{two}");
    let flag = format!("--web-origins={both}");
    let given = [
        (vec!["--demo-requests=0", &flag], vec![]),
        (
            vec!["--demo-requests=0"],
            vec![("LOCAL_WEB_ORIGINS", both.as_str())],
        ),
    ];
    for (flags, variables) in given {
        let folder = tempfile::tempdir().unwrap();
        let running = Running::start_with(folder.path(), &flags, &variables);
        let printed = format!("# other pages:       of {one}, {two} may call\n");
        assert!(running.printed.contains(&printed), "{}", running.printed);
        for (server, call) in [running.auth(), running.requests()].into_iter().zip(CALLS) {
            for origin in [one, two] {
                let answer = pre_flight(server, call, origin);
                assert!(answer.starts_with("http/1.1 200"), "{answer}");
                assert!(may_call(&answer, origin), "{answer}");
                assert!(
                    answer.contains("access-control-allow-methods: post"),
                    "{answer}"
                );
            }
            let stranger = "http://localhost:3001";
            let answer = pre_flight(server, call, stranger);
            assert!(!may_call(&answer, stranger), "{answer}");
        }
    }
}

#[test]
fn browsers_are_not_served_unless_origins_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), &["--demo-requests=0"]);
    assert!(
        running.printed.contains("--web-origins"),
        "{}",
        running.printed
    );
    for (server, call) in [running.auth(), running.requests()].into_iter().zip(CALLS) {
        let answer = pre_flight(server, call, "http://localhost:3000");
        assert!(!answer.contains("access-control"), "{answer}");
    }
}

#[test]
fn wrong_origins_are_named_with_all_else_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let start = |command: &mut Command| {
        let wrong = ["--demo-requests=many", "--database-url=nowhere"];
        process::fail(command.args(flags(folder.path())).args(wrong))
    };
    for wrong in [
        "*",
        "localhost:3000",
        "http://localhost:3000/",
        "http://A.example",
    ] {
        let flag = start(Command::new(PROGRAM).arg(format!("--web-origins={wrong}")));
        let variable = start(Command::new(PROGRAM).env("LOCAL_WEB_ORIGINS", wrong));
        for failure in [flag, variable] {
            assert_eq!(failure.code, 64, "{}", failure.message);
            assert_eq!(failure.message.lines().count(), 1, "{}", failure.message);
            for named in [
                "LOCAL_WEB_ORIGINS: must be origins",
                "--demo-requests:",
                "LOCAL_DATABASE_URL:",
            ] {
                assert!(
                    failure.message.contains(named),
                    "{named}: {}",
                    failure.message
                );
            }
        }
    }
}

/// An answer in HTTP/1.1, with its head in lower case.
fn ask(server: SocketAddr, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server).unwrap();
    let length = body.len();
    let _ = write!(
        stream,
        "{head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).to_ascii_lowercase()
}

#[test]
fn the_page_and_both_services_are_under_one_origin() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path(), &["--demo-requests=0"]);
    let page = running.page();
    let get = |path: &str| ask(page, &format!("GET {path} HTTP/1.1\r\nhost: {page}"), "");
    for view in [
        "/partner/requests",
        "/partner/requests/7",
        "/partner/no-such-view",
    ] {
        let answer = get(view);
        assert!(answer.starts_with("http/1.1 200"), "{answer}");
        for header in [
            "content-type: text/html",
            "content-security-policy: default-src 'none'; script-src 'self';",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
        ] {
            assert!(answer.contains(header), "{header}: {answer}");
        }
        assert!(!answer.contains("unsafe"), "{answer}");
    }
    assert!(get("/").contains("location: /partner/requests"));
    assert!(get("/web/session.js").contains("content-type: text/javascript"));
    assert!(get("/web/../main.rs").starts_with("http/1.1 404"));

    let call = |path: &str, origin: &str, headers: &str, body: &str| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {page}\r\norigin: {origin}\r\n\
             content-type: application/json{headers}"
        );
        ask(page, &head, body)
    };
    let own = format!("http://{page}");
    let log_in = r#"{"email": "partner@swift.example", "password": "demo password"}"#;
    let answer = call(CALLS[0], &own, "", log_in);
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    assert!(answer.contains(r#""ipaddress":"127.0.0.1""#), "{answer}");
    // the gateway's word about the caller is the last
    let forged = "\r\nx-forwarded-for: 192.0.2.1";
    let answer = call(CALLS[0], &own, forged, log_in);
    assert!(answer.contains(r#""ipaddress":"127.0.0.1""#), "{answer}");
    let answer = call(CALLS[1], &own, "", "{}");
    assert!(answer.starts_with("http/1.1 401"), "{answer}");
    for call in CALLS.map(|path| call(path, "http://other.example", "", "{}")) {
        assert!(call.starts_with("http/1.1 403"), "{call}");
    }
    for internal in [
        "/ticketing.auth.v1.SessionValidationService/ValidateSession",
        "/oauth2/introspect",
        "/metrics",
    ] {
        let answer = call(internal, &own, "", "{}");
        assert!(answer.starts_with("http/1.1 405"), "{answer}");
        assert!(get(internal).starts_with("http/1.1 404"));
    }
}
