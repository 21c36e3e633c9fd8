//! A database that is far away: what it answers comes later. So a call waits instead of
//! working, and callers that share the machine with the service do not slow it down.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    time::Instant,
};

/// How much later.
const DISTANCE: Duration = Duration::from_millis(20);

/// The address at which a server seems to be far away.
pub(crate) async fn distant(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(relay(client, server));
        }
    });
    address
}

async fn relay(client: TcpStream, server: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect(server).await?;
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    tokio::spawn(later(from_server, to_client));
    tokio::io::copy(&mut from_client, &mut to_server).await?;
    to_server.shutdown().await
}

/// Passes on each piece as much later as it is far, and not after the one before.
async fn later(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> io::Result<()> {
    let (pass, mut passed) = mpsc::channel::<(Instant, Vec<u8>)>(1_024);
    tokio::spawn(async move {
        while let Some((due, piece)) = passed.recv().await {
            tokio::time::sleep_until(due).await;
            to.write_all(&piece).await?;
        }
        to.shutdown().await
    });
    loop {
        let mut piece = Vec::with_capacity(16 * 1_024);
        let is_over = from.read_buf(&mut piece).await? == 0;
        if is_over || pass.send((Instant::now() + DISTANCE, piece)).await.is_err() {
            return Ok(());
        }
    }
}
