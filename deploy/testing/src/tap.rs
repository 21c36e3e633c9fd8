//! Statements, read from the connection to PostgreSQL.

use crate::TestDatabase;
use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
};

/// The texts of the statements that were executed, in order.
type Executed = Arc<Mutex<Vec<String>>>;

/// Forwards connections to PostgreSQL, and records the statements.
#[derive(Debug)]
pub struct Tap {
    address: SocketAddr,
    executed: Executed,
}

impl Tap {
    /// In front of a database's server.
    pub async fn start(database: &TestDatabase) -> Self {
        let server = database.address();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let executed = Executed::default();
        let noted = Arc::clone(&executed);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(server).await.expect("it listens");
                let (from_client, mut to_client) = client.into_split();
                let (mut from_server, to_server) = server.into_split();
                tokio::spawn(note(from_client, to_server, Arc::clone(&noted)));
                tokio::spawn(
                    async move { tokio::io::copy(&mut from_server, &mut to_client).await },
                );
            }
        });
        Self { address, executed }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was executed since the last look, without what runs beside the calls:
    /// readiness, tests of the pool's connections, and updates of sessions' first use.
    #[must_use]
    pub fn taken(&self) -> Vec<String> {
        let beside = [
            "ticketing_migrations",
            "transaction_read_only",
            "SET used_at =",
        ];
        let mut executed = self.executed.lock().expect("no other test's panic");
        let ours = |text: &String| {
            let is_probe = text.is_empty() || text == "SELECT 1";
            !is_probe && !beside.iter().any(|other| text.contains(other))
        };
        std::mem::take(&mut *executed)
            .into_iter()
            .filter(ours)
            .collect()
    }
}

/// The front end's messages (PostgreSQL, "Message Formats"): Parse names a text,
/// Bind uses the name, Query brings its own.
async fn note(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    executed: Executed,
) -> io::Result<()> {
    let mut prepared = HashMap::new();
    // messages before the session begins have no type; none of them is ours
    let mut starting = true;
    loop {
        let kind = if starting {
            None
        } else {
            Some(client.read_u8().await?)
        };
        let length = client.read_u32().await?;
        let mut body = vec![0; length as usize - 4];
        client.read_exact(&mut body).await?;
        let mut words = body.split(|byte| *byte == 0);
        let mut word = || String::from_utf8_lossy(words.next().unwrap_or_default()).into_owned();
        match kind {
            // protocol 3.x begins; a request for encryption comes before it
            None => starting = body[..2] != [0, 3],
            Some(b'P') => {
                let name = word();
                prepared.insert(name, word());
            }
            Some(b'B') => {
                let _portal = word();
                let text = prepared.get(&word()).cloned().unwrap_or_default();
                executed.lock().unwrap().push(text);
            }
            Some(b'Q') => executed.lock().unwrap().push(word()),
            Some(_) => {}
        }
        if let Some(kind) = kind {
            server.write_u8(kind).await?;
        }
        server.write_u32(length).await?;
        server.write_all(&body).await?;
    }
}
