//! The proxy, before a server that echoes, and before PostgreSQL.

use contract::time::Clock;
use database::{Database, PoolLimits};
use sea_orm::ConnectionTrait;
use std::{io, net::SocketAddr, time::Duration};
use testing::{Kind, Role, TestDatabase, patient_limits, proxy::TcpProxy};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Sends back what comes.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    address
}

async fn sent_back(stream: &mut TcpStream, text: &[u8]) -> io::Result<()> {
    stream.write_all(text).await?;
    received(stream, text).await
}

async fn received(stream: &mut TcpStream, text: &[u8]) -> io::Result<()> {
    let mut buffer = vec![0; text.len()];
    stream.read_exact(&mut buffer).await?;
    assert_eq!(buffer, text);
    Ok(())
}

#[tokio::test]
async fn bytes_pass_and_so_does_the_end() {
    let proxy = TcpProxy::start(echo().await);
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    sent_back(&mut stream, b"one").await.unwrap();
    stream.write_all(b"two").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"two");
}

#[tokio::test]
async fn cut_closes_what_is_open_and_refuses_what_comes() {
    let proxy = TcpProxy::start(echo().await);
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    sent_back(&mut stream, b"one").await.unwrap();

    proxy.cut().await;
    sent_back(&mut stream, b"two").await.unwrap_err();
    let error = TcpStream::connect(proxy.address()).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);

    proxy.restore().await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    sent_back(&mut stream, b"three").await.unwrap();
}

#[tokio::test]
async fn hang_holds_what_is_open_and_what_comes() {
    let proxy = TcpProxy::start(echo().await);
    let mut before = TcpStream::connect(proxy.address()).await.unwrap();
    sent_back(&mut before, b"one").await.unwrap();

    proxy.hang().await;
    let mut meanwhile = TcpStream::connect(proxy.address()).await.unwrap();
    for stream in [&mut before, &mut meanwhile] {
        let silence = Duration::from_millis(100);
        tokio::time::timeout(silence, sent_back(stream, b"two"))
            .await
            .unwrap_err();
    }

    proxy.restore().await;
    for stream in [&mut before, &mut meanwhile] {
        received(stream, b"two").await.unwrap();
    }
}

#[tokio::test]
async fn vanished_connections_stay_silent_and_new_ones_are_served() {
    let proxy = TcpProxy::start(echo().await);
    let mut before = TcpStream::connect(proxy.address()).await.unwrap();
    sent_back(&mut before, b"one").await.unwrap();

    proxy.vanish().await;
    for _ in 0..2 {
        let mut after = TcpStream::connect(proxy.address()).await.unwrap();
        sent_back(&mut after, b"two").await.unwrap();
        let silence = Duration::from_millis(100);
        tokio::time::timeout(silence, sent_back(&mut before, b"two"))
            .await
            .unwrap_err();
        proxy.restore().await;
    }
}

#[tokio::test]
async fn hang_after_cut_accepts_again() {
    let proxy = TcpProxy::start(echo().await);
    proxy.cut().await;
    proxy.hang().await;
    TcpStream::connect(proxy.address()).await.unwrap();
}

#[tokio::test]
async fn one_connection_breaks_and_the_next_goes_on() {
    let proxy = TcpProxy::start(echo().await);
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    proxy.break_once_after(7).await;
    client.write_all(b"12345").await.unwrap();
    // five there, and two back
    received(&mut client, b"12").await.unwrap();
    received(&mut client, b"3").await.unwrap_err();
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    client.write_all(b"1234567").await.unwrap();
    received(&mut client, b"1234567").await.unwrap();
}

#[tokio::test]
async fn an_answer_is_lost_whose_words_arrive() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = TcpProxy::start(listener.local_addr().unwrap());
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    proxy.lose_answer_to(b"two").await;
    client.write_all(b"one").await.unwrap();
    received(&mut server, b"one").await.unwrap();
    server.write_all(b"1").await.unwrap();
    received(&mut client, b"1").await.unwrap();

    client.write_all(b"and two").await.unwrap();
    received(&mut server, b"and two").await.unwrap();
    server.write_all(b"2").await.unwrap();
    received(&mut client, b"2").await.unwrap_err();
}

#[tokio::test]
async fn a_database_goes_and_comes_back() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let proxy = TcpProxy::start(database.address());
    let url = database.url_through(&proxy, Role::Owner);
    // a connection that is refused is tried for as long as one may take
    let soon = PoolLimits {
        acquire_timeout: Duration::from_millis(500),
        ..PoolLimits::default()
    };
    let send = async |limits| {
        let pool = Database::open(&url, limits, Clock::system()).await.unwrap();
        pool.connection().execute_unprepared("SELECT 1").await
    };

    send(patient_limits()).await.unwrap();
    proxy.cut().await;
    send(soon).await.unwrap_err();
    proxy.restore().await;
    send(patient_limits()).await.unwrap();
}
