//! How many statements a call costs, read off the wire to PostgreSQL.

use crate::{rows::used_mark_is_written, served::Served as _};
use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use testing::{Kind, TestDatabase, auth::Auth};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
};

/// The texts of the statements that were executed, in order.
type Executed = Arc<Mutex<Vec<String>>>;

/// Forwards connections to PostgreSQL, and notes what is executed.
async fn tap(server: SocketAddr) -> (u16, Executed) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let executed = Executed::default();
    let noted = Arc::clone(&executed);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(server).await.unwrap();
            let (from_client, mut to_client) = client.into_split();
            let (mut from_server, to_server) = server.into_split();
            tokio::spawn(note(from_client, to_server, Arc::clone(&noted)));
            tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        }
    });
    (port, executed)
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

/// What was executed since the last look, without what runs beside the calls:
/// readiness, what a new connection asks, and the used marks.
fn taken(executed: &Executed) -> Vec<String> {
    let beside = ["ticketing_migrations", "SHOW ", "SET used_at ="];
    let taken = std::mem::take(&mut *executed.lock().unwrap());
    let ours = |text: &String| !text.is_empty() && !beside.iter().any(|other| text.contains(other));
    taken.into_iter().filter(ours).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mistake_10_a_validation_costs_one_statement() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let (port, executed) = tap(database.address()).await;
    let direct = database.address().port().to_string();
    let url = database.url.expose().replace(&direct, &port.to_string());
    let auth = Auth::start_through(database, &url.parse().unwrap(), &[]).await;
    auth.add_customer("sara@example.com").await;
    let tokens = auth.log_in("sara@example.com").await.tokens.unwrap();
    assert!(
        taken(&executed).len() >= 5,
        "the tap works: look-up, BEGIN, writes, COMMIT"
    );

    let principal = auth
        .validate(&tokens.access_token)
        .await
        .unwrap()
        .principal
        .unwrap();
    assert_eq!(principal.role, "customer");
    used_mark_is_written(&auth.database).await;
    taken(&executed);
    for _ in 0..3 {
        auth.validate(&tokens.access_token).await.unwrap();
        let statements = taken(&executed);
        assert_eq!(statements.len(), 1, "{statements:?}");
    }
    auth.list(&tokens.access_token).await.unwrap();
    let statements = taken(&executed);
    assert_eq!(
        statements.len(),
        2,
        "one to validate, one to list: {statements:?}"
    );
    auth.revoke(&tokens.access_token).await.unwrap();
    let statements = taken(&executed);
    assert_eq!(statements.len(), 1, "{statements:?}");
}
