//! Certificates change while calls are made.

use super::{Served, client, mounted, server, stranger};
use client::channel::{self, Target};
use std::{
    fs, io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};
use testing::certificates::Authority;
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_replaced_under_calls_and_none_fails() {
    let ours = Authority::new();
    let this = mounted(&ours.server(&["localhost"]), &ours);
    let caller = mounted(&ours.client(&["requests"]), &ours);
    let served = Arc::new(Served::start(Some(server(&this, true))).await);
    let done = Arc::new(AtomicBool::new(false));
    let calls = (0..4).map(|_| {
        let (served, done, tls) = (Arc::clone(&served), Arc::clone(&done), client(&caller));
        tokio::spawn(async move {
            let url = format!("https://localhost:{}", served.address.port());
            let target = Target::new(&url.parse().unwrap(), Some(tls.clone())).unwrap();
            let mut kept = HealthClient::new(channel::connect(target));
            let mut calls = 0;
            while !done.load(Ordering::Relaxed) {
                served
                    .call(Some(tls.clone()))
                    .await
                    .expect("a new connection");
                let requested = HealthCheckRequest::default();
                kept.check(requested).await.expect("an open connection");
                calls += 2;
            }
            calls
        })
    });
    let calls: Vec<_> = calls.collect();
    for _ in 0..20 {
        this.swap(&ours.server(&["localhost"]), &ours);
        caller.swap(&ours.client(&["requests"]), &ours);
        // between any two swaps, calls are made by what they left
        served.call(Some(client(&caller))).await.expect("an answer");
    }
    done.store(true, Ordering::Relaxed);
    for calls in calls {
        assert!(calls.await.unwrap() > 0);
    }
}

#[tokio::test]
async fn a_new_connection_meets_the_new_files_on_both_sides() {
    let (ours, next) = (Authority::new(), Authority::new());
    let this = mounted(&ours.server(&["localhost"]), &ours);
    let caller = mounted(&ours.client(&["requests"]), &ours);
    let served = Served::start(Some(server(&this, true))).await;
    let tls = client(&caller);
    served.call(Some(tls.clone())).await.expect("as it begins");

    this.swap(&next.server(&["localhost"]), &ours);
    let refused = served.call(Some(tls.clone())).await.unwrap_err();
    assert_eq!(
        refused.code(),
        Code::Unavailable,
        "the authority is not known"
    );
    caller.swap(&ours.client(&["requests"]), &next);
    served.call(Some(tls.clone())).await.expect("now it is");

    this.swap(&next.server(&["localhost"]), &next);
    served
        .call(Some(tls.clone()))
        .await
        .expect_err("the client's is not");
    caller.swap(&next.client(&["requests"]), &next);
    served.call(Some(tls)).await.expect("now it is");
}

/// What is logged, as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn files_that_cannot_be_used_change_nothing_and_are_said_once_without_the_key() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let ours = Authority::new();
    let certificate = ours.server(&["localhost"]);
    let this = mounted(&certificate, &ours);
    let tls = server(&this, false);
    let served = Served::start(Some(tls.clone())).await;
    let caller = stranger(&this);
    let (_, half) = certificate.key.split_at(certificate.key.len() / 2);
    let secret = certificate.key.lines().nth(1).unwrap();
    let another = ours.server(&["localhost"]);
    for (what, file, text) in [
        ("half a key", this.key(), half),
        ("no key", this.key(), ""),
        ("a line of a key", this.key(), secret),
        ("another's key", this.key(), another.key.as_str()),
        ("no certificate", this.certificate(), "nonsense"),
    ] {
        let was = fs::read(&file).unwrap();
        log.0.lock().unwrap().clear();
        fs::write(&file, text).unwrap();
        for _ in 0..3 {
            served.call(Some(caller.clone())).await.expect(what);
        }
        let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            said.matches("stay as they were").count(),
            1,
            "{what}: {said}"
        );
        assert!(!said.contains(secret), "{what}: {said}");
        fs::write(&file, was).unwrap();
    }
    fs::remove_file(this.key()).unwrap();
    served.call(Some(caller)).await.expect("no file at all");
    let shown = format!("{tls:?}");
    assert!(
        shown.contains("tls.key") && !shown.contains(secret),
        "{shown}"
    );
}
