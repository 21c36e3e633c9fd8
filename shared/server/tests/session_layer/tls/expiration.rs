//! When certificates end, as it is scraped.

use super::{client, mounted, server, stranger};
use client::tls::{CertificateSource, Expirations, ServerTls};
use server::serve::{self, Listener};
use std::{fs, net::SocketAddr};
use testing::{
    certificates::{Authority, Mounted},
    metrics::{Scraped, scrape},
};
use tokio_util::sync::{CancellationToken, DropGuard};

const NAME: &str = "t_certificate_expiration_timestamp_seconds";
const IN_2000: &str = "946684800";
const IN_2049: &str = "2493072000";
/// Later than a UTCTime can say.
const IN_2050: &str = "2524608000";

/// An ops listener that tells of certificates. It stops when the guard is dropped.
async fn start(certificates: Vec<(&'static str, CertificateSource)>) -> (SocketAddr, DropGuard) {
    let mut registry = serve::metrics_registry("t", "0");
    Expirations::register(&mut registry, certificates);
    let (_, health) = tonic_health::server::health_reporter();
    let listener = Listener::bind("ops", "127.0.0.1:0".parse().unwrap())
        .await
        .unwrap()
        .with_metrics();
    let address = listener.address();
    let stop = CancellationToken::new();
    let routes = serve::ops(health, registry).unwrap();
    tokio::spawn(listener.serve(routes, stop.clone()));
    (address, stop.drop_guard())
}

/// What a public listener presents.
fn listener(mounted: &Mounted) -> (&'static str, CertificateSource) {
    let tls = ServerTls::open("served", server(mounted, false));
    ("public", tls.unwrap().into())
}

fn told(scraped: &Scraped) -> Vec<&str> {
    scraped.counted(NAME)
}

#[tokio::test]
async fn the_end_of_a_certificate_is_told_as_the_next_connection_meets_it() {
    let ours = Authority::new();
    let this = mounted(&ours.server_until(&["localhost"], 2049), &ours);
    let caller = mounted(&ours.expired_client(&["requests"]), &ours);
    let certificates = vec![listener(&this), ("client", client(&caller).into())];
    let (address, _stop) = start(certificates).await;
    let client = format!("{{certificate=\"client\"}} {IN_2000}");
    let public = |end: &str| format!("{{certificate=\"public\"}} {end}");
    let scraped = scrape(address).await;
    assert_eq!(told(&scraped), [client.clone(), public(IN_2049)]);

    this.swap(&ours.server_until(&["localhost"], 2050), &ours);
    let scraped = scrape(address).await;
    assert_eq!(told(&scraped), [client.clone(), public(IN_2050)], "renewed");

    // neither a file that cannot be used nor one that is gone puts the end off
    fs::write(this.certificate(), "nonsense").unwrap();
    let scraped = scrape(address).await;
    assert_eq!(told(&scraped), [client.clone(), public(IN_2050)]);
    fs::remove_file(this.certificate()).unwrap();
    let scraped = scrape(address).await;
    assert_eq!(told(&scraped), [client, public(IN_2050)]);
}

#[tokio::test]
async fn without_a_certificate_there_is_no_end() {
    let ours = Authority::new();
    let this = mounted(&ours.server(&["localhost"]), &ours);
    let nothing = stranger(&this);
    let (address, _stop) = start(vec![("client", nothing.into())]).await;
    let scraped = scrape(address).await;
    assert!(scraped.body.contains("t_build_info"), "{scraped:?}");
    assert_eq!(told(&scraped), [""; 0]);
}

/// Who signed it may go on, or end sooner: the first in the file is what is looked at.
#[tokio::test]
async fn of_a_chain_the_end_entitys_end_is_told() {
    let ours = Authority::new();
    let mut certified = ours.server_until(&["localhost"], 2049);
    certified.certificate += &ours.pem();
    let this = mounted(&certified, &ours);
    let (address, _stop) = start(vec![listener(&this)]).await;
    let series = format!("{{certificate=\"public\"}} {IN_2049}");
    assert_eq!(told(&scrape(address).await), [series]);
}
