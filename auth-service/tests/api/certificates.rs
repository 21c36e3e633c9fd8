//! TLS of the listeners: when their certificates end, as Prometheus is told, and what
//! is spoken.

use testing::{
    Kind, Role, TestDatabase,
    auth::Auth,
    certificates::{Authority, Mounted},
    metrics::scrape,
    tls::spoken,
};

const NAME: &str = "ticketing_auth_certificate_expiration_timestamp_seconds";

/// auth-service on SQLite, with more flags.
async fn start(flags: &[String]) -> Auth {
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let database = TestDatabase::migrated(Kind::Sqlite).await;
    let url = database.url_as(Role::Auth);
    Auth::start_through(database, &url, &flags).await
}

/// The flags of a listener with TLS.
fn tls(listener: &str, mounted: &Mounted) -> [String; 2] {
    let (certificate, key) = (mounted.certificate(), mounted.key());
    [
        format!(
            "--{listener}-tls-certificate-file={}",
            certificate.display()
        ),
        format!("--{listener}-tls-key-file={}", key.display()),
    ]
}

#[tokio::test]
async fn the_end_of_each_listeners_certificate_is_told() {
    let ours = Authority::new();
    let until = |year| Mounted::new(&ours.server_until(&["localhost"], year), &ours);
    let (public, internal) = (until(2049), until(2050));
    let flags = [tls("public", &public), tls("internal", &internal)].concat();
    let auth = start(&flags).await;
    let ends = |internal: u64| {
        [
            format!("{{certificate=\"internal\"}} {internal}"),
            "{certificate=\"public\"} 2493072000".to_owned(),
        ]
    };
    let scraped = scrape(auth.replica.ops).await;
    assert_eq!(scraped.counted(NAME), ends(2_524_608_000));

    internal.swap(&ours.server_until(&["localhost"], 2051), &ours);
    let scraped = scrape(auth.replica.ops).await;
    assert_eq!(scraped.counted(NAME), ends(2_556_144_000));
}

#[tokio::test]
async fn without_tls_no_end_is_told() {
    let auth = start(&[]).await;
    let scraped = scrape(auth.replica.ops).await;
    assert!(
        scraped.body.contains("ticketing_auth_build_info"),
        "{scraped:?}"
    );
    assert_eq!(scraped.counted(NAME), [""; 0]);
}

#[tokio::test]
async fn http2_is_spoken_and_http1_with_whom_asks_for_nothing_better() {
    let ours = Authority::new();
    let this = Mounted::new(&ours.server(&["localhost"]), &ours);
    let flags = [tls("public", &this), tls("internal", &this)].concat();
    let auth = start(&flags).await;
    for address in [auth.replica.public, auth.replica.internal] {
        let spoken = async |protocols: &[&str]| spoken(address, &this.authority(), protocols).await;
        assert_eq!(spoken(&["http/1.1"]).await.as_deref(), Some("http/1.1"));
        assert_eq!(spoken(&["http/1.1", "h2"]).await.as_deref(), Some("h2"));
    }
}
