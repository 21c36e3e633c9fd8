//! Who is believed, and who is served.

use super::{Served, client, mounted, server, stranger};
use std::time::Duration;
use testing::certificates::Authority;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tonic::Code;

#[tokio::test]
async fn a_server_is_believed_by_its_name_its_time_and_its_authority() {
    let (ours, another) = (Authority::new(), Authority::new());
    let caller = mounted(&ours.client(&["requests"]), &ours);
    let right = ours.server(&["other.example", "localhost"]);
    for (believed, certificate) in [
        ("its own", right),
        ("an old one", ours.expired_server(&["localhost"])),
        ("another's", ours.server(&["other.example"])),
        ("a client's", ours.client(&["localhost"])),
        ("one of another authority", another.server(&["localhost"])),
    ]
    .map(|(what, certificate)| (what == "its own", (what, certificate)))
    {
        let (what, certificate) = certificate;
        let served = Served::start(Some(server(&mounted(&certificate, &ours), false))).await;
        for tls in [client(&caller), stranger(&caller)] {
            let answer = served.call(Some(tls)).await;
            let code = answer.err().map(|status| status.code());
            let expected = (!believed).then_some(Code::Unavailable);
            assert_eq!(code, expected, "{what}");
        }
    }
}

#[tokio::test]
async fn with_mutual_tls_a_client_is_served_by_its_certificate_alone() {
    let (ours, another) = (Authority::new(), Authority::new());
    let this = mounted(&ours.server(&["localhost"]), &ours);
    let served = Served::start(Some(server(&this, true))).await;
    let good = mounted(&ours.client(&["requests"]), &ours);
    served.call(Some(client(&good))).await.expect("a good one");
    for (what, certificate) in [
        ("another authority's", another.client(&["requests"])),
        ("an old one", ours.expired_client(&["requests"])),
        ("a server's", ours.server(&["requests"])),
    ] {
        let caller = mounted(&certificate, &ours);
        served.call(Some(client(&caller))).await.expect_err(what);
    }
    served.call(Some(stranger(&good))).await.expect_err("none");
    served.call(None).await.expect_err("no TLS at all");
    // and nobody was in the way of this one
    served.call(Some(client(&good))).await.expect("a good one");
}

#[tokio::test]
async fn a_side_with_tls_and_one_without_do_not_connect() {
    let ours = Authority::new();
    let this = mounted(&ours.server(&["localhost"]), &ours);
    let tls = Served::start(Some(server(&this, false))).await;
    tls.call(None).await.expect_err("a client without TLS");
    let plain = Served::start(None).await;
    let caller = stranger(&this);
    plain
        .call(Some(caller))
        .await
        .expect_err("a server without TLS");
    plain.call(None).await.expect("both without");
}

/// The channel gives up after a second, a handshake only after five.
#[tokio::test]
async fn clients_that_say_nothing_or_little_hold_nobody_up() {
    let ours = Authority::new();
    let this = mounted(&ours.server(&["localhost"]), &ours);
    let served = Served::start(Some(server(&this, false))).await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        // the first bytes of a ClientHello
        stream.write_all(&[22, 3, 1]).await.unwrap();
        silent.push(stream);
        silent.push(TcpStream::connect(served.address).await.unwrap());
    }
    served.call(Some(stranger(&this))).await.expect("an answer");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_let_go() {
    let ours = Authority::new();
    let this = mounted(&ours.server(&["localhost"]), &ours);
    let served = Served::start(Some(server(&this, true))).await;
    let mut silent = TcpStream::connect(served.address).await.unwrap();
    // by the test's own clock, which moves when nothing else does
    let closed = tokio::time::timeout(Duration::from_secs(10), silent.read(&mut [0])).await;
    assert_eq!(closed.expect("closed in time").unwrap(), 0);
}
