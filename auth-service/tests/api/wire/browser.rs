//! Chromium, with pages of ours: what it may do from an origin, and what it is told.

use super::clients::{LIST, SIZES, World, printed};
use crate::unserved::log_in;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};
use testing::{
    Kind,
    auth::{Auth, PASSWORD},
    program::Program,
    tools,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

const LOG_IN: &str = "/ticketing.auth.v1.AuthService/CreateSession";
const SESSIONS: &str = "SELECT CAST(count(*) AS integer) FROM user_sessions";
const SARA: &str = "sara@example.com";

/// Serves one page on an origin of its own, and hears what its script found.
struct Page {
    socket: TcpListener,
    address: SocketAddr,
}

impl Page {
    async fn bind() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        Self { socket, address }
    }

    fn origin(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    /// Opens it in a browser of its own. The script is the body of an async function; what
    /// that returns is what is found.
    async fn finds(self, script: &str, folder: &Path) -> String {
        let page = format!(
            "<!doctype html><script>\n\
             const find = async () => {{ {script} }};\n\
             const tell = (found) => fetch('/found', {{ method: 'POST', body: String(found) }});\n\
             find().then(tell, tell);\n\
             </script>"
        );
        let _browser = Browser::open(&self.origin(), folder);
        loop {
            let (stream, _) = self.socket.accept().await.unwrap();
            if let Some(found) = answer(BufReader::new(stream), &page).await {
                return found;
            }
        }
    }
}

/// Answers one request, with the page where that is asked for; gives what was found.
async fn answer(mut stream: BufReader<TcpStream>, page: &str) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let length = head.to_ascii_lowercase();
    let length = length.split_once("content-length: ");
    let length = length.map_or(0, |(_, rest)| {
        rest.split("\r\n").next().unwrap().parse().unwrap()
    });
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let (status, page) = match head.split(' ').nth(1)? {
        "/" => ("200 OK", page),
        "/found" => ("200 OK", ""),
        _ => ("404 Not Found", ""),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{page}",
        page.len()
    );
    stream.write_all(answer.as_bytes()).await.ok()?;
    head.contains(" /found ")
        .then(|| String::from_utf8(body).unwrap())
}

/// A browser with a page. It ends with this value.
struct Browser {
    /// Its own folder.
    data: PathBuf,
    _program: Program,
}

impl Browser {
    /// Opens a page. Certificates are not looked at; nobody outside is asked.
    fn open(page: &str, folder: &Path) -> Self {
        let data = folder.join(format!("browser-{}", fastrand::u64(..)));
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--ignore-certificate-errors",
            // it stays until it is ended
            "--remote-debugging-port=0",
            &format!("--user-data-dir={}", data.display()),
            page,
        ];
        let arguments = arguments.map(str::to_owned);
        let log = folder.join("browser.log");
        let program = Program::start(&tools::find("chromium"), &arguments, &log);
        Self {
            data,
            _program: program,
        }
    }

    /// Runs a script in its page, as if the page itself had it. The script is the body of an async
    /// function; what that returns is what is found.
    async fn finds(&self, page: &str, script: &str) -> String {
        // the browser writes there on which port it is told what to do
        let file = self.data.join("DevToolsActivePort");
        crate::rows::eventually("the browser listens", || async { file.is_file() }).await;
        let driver = tools::workspace().join("auth-service/tests/api/wire/in_page.mjs");
        let mut node = tools::node();
        node.arg(driver).arg(file).args([page, script]);
        printed(&mut node).await.trim_end().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_gets_every_refusal_of_a_page_whose_origin_is_named() {
    let page = Page::bind().await;
    let world = World::start(&page.origin()).await;
    let (plain, tls) = (world.plain(), world.tls());
    let script = format!(
        "const tally = {{}};
         const headers = {{ 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1' }};
         const call = async (origin, size) => {{
             const body = new Uint8Array(size);
             const answer = await fetch(origin + '{LIST}', {{ method: 'POST', headers, body }});
             await answer.arrayBuffer();
             return answer.status + ' ' + answer.headers.get('grpc-status');
         }};
         for (const origin of ['{plain}', '{tls}']) {{
             for (const size of {SIZES:?}) {{
                 for (let calls = 0; calls < 100; calls++) {{
                     const end = await call(origin, size).catch((error) => error.message);
                     const name = size + ' ' + end;
                     tally[name] = (tally[name] ?? 0) + 1;
                 }}
             }}
         }}
         return Object.entries(tally).join('; ');"
    );
    let found = page.finds(&script, world.folder.path()).await;
    // by HTTP/1.1 and by HTTP/2
    let all = SIZES.map(|size| format!("{size} 200 16,200"));
    assert_eq!(found, all.join("; "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_logs_nobody_in_from_a_page_whose_origin_is_not_named() {
    let (named, another) = (Page::bind().await, Page::bind().await);
    let world = World::start(&named.origin()).await;
    world.auth.add_customer(SARA).await;
    let (plain, tls) = (world.plain(), world.tls());
    let message = log_in();
    let as_pages_send = format!(
        "const body = new Uint8Array({message:?});
         const ends = [];
         for (const origin of ['{plain}', '{tls}']) {{
             const url = origin + '{LOG_IN}';
             for (const type of [
                 'text/plain', 'text/plain;application/grpc', 'multipart/form-data',
                 'application/x-www-form-urlencoded', 'application/grpc-web+proto',
                 'application/grpc', 'application/json', 'application/proto', null,
             ]) {{
                 const headers = type ? {{ 'content-type': type }} : {{}};
                 for (const mode of ['no-cors', 'cors']) {{
                     const sent = fetch(url, {{ method: 'POST', mode, headers, body }});
                     ends.push(await sent.then((answer) => answer.status, () => 'error'));
                 }}
             }}
         }}
         return ends;"
    );
    let folder = world.folder.path();
    let found = another.finds(&as_pages_send, folder).await;
    assert!(!found.contains("200"), "{found}");
    assert_eq!(world.auth.database.query_number(SESSIONS).await, 0);

    // the same message, from a page that may send it, and JSON
    let as_may = format!(
        "const call = (type, body) => fetch('{tls}{LOG_IN}', {{
             method: 'POST', body,
             headers: {{ 'content-type': type, 'connect-timeout-ms': '9000' }},
         }});
         const json = (password) => JSON.stringify({{ email: '{SARA}', password }});
         const grpc = await call('application/grpc-web+proto', new Uint8Array({message:?}));
         const right = await call('application/json', json('{PASSWORD}'));
         const wrong = await call('application/json', json('wrong'));
         const {{ user }} = await right.json();
         const {{ code }} = await wrong.json();
         return [grpc.status, grpc.headers.get('grpc-status'),
             right.status, user.email, wrong.status, code].join(' ');"
    );
    let found = named.finds(&as_may, folder).await;
    assert_eq!(found, format!("200  200 {SARA} 401 unauthenticated"));
    assert_eq!(world.auth.database.query_number(SESSIONS).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_logs_in_from_a_page_of_the_listener_itself() {
    // one listener for pages of no other origin, and two for pages of another
    let alone = Auth::start(Kind::Sqlite).await;
    let world = World::start("https://page.example").await;
    let origins = [
        format!("http://{}", alone.replica.public),
        world.plain(),
        world.tls(),
    ];
    alone.add_customer(SARA).await;
    world.auth.add_customer(SARA).await;
    let script = format!(
        "const call = (path, body, more) => fetch(path, {{
             method: 'POST', body: JSON.stringify(body),
             headers: {{ 'content-type': 'application/json', ...more }},
         }});
         const wrong = await call('{LOG_IN}', {{ email: '{SARA}', password: 'wrong' }});
         const {{ code }} = await wrong.json();
         const right = await call('{LOG_IN}', {{ email: '{SARA}', password: '{PASSWORD}' }});
         const {{ tokens }} = await right.json();
         const authorization = 'Bearer ' + tokens.accessToken;
         const listed = await call('{LIST}', {{}}, {{ authorization }});
         const {{ sessions }} = await listed.json();
         return [wrong.status, code, right.status, listed.status, sessions.length].join(' ');"
    );
    // the last two are replicas of one service
    for (origin, sessions) in origins.iter().zip([1, 1, 2]) {
        let page = format!("{origin}/.well-known/jwks.json");
        let browser = Browser::open(&page, world.folder.path());
        let found = browser.finds(&page, &script).await;
        let expected = format!("401 unauthenticated 200 200 {sessions}");
        assert_eq!(found, expected, "{origin}");
    }
}
