//! A tool that keeps its session in a file: each run goes on where the last one
//! ended, and several at once share it.
//!
//! With `cargo run` going in another terminal:
//!
//! ```sh
//! cargo run -p client --example session_client -- http://127.0.0.1:50051 partner@swift.example 'demo password'
//! cargo run -p client --example session_client -- http://127.0.0.1:50051 --log-out
//! ```
//!
//! With TLS: `https://…`, and `--authority` with the file of the authority of
//! auth-service's certificate.

use client::{
    channel::{self, Target},
    session_client::{FileStore, PairStore as _, SessionClient, Settings},
    tls::{ClientTls, ClientTlsFiles},
};
use contract::time::Clock;
use proto::auth::v1::{
    CreateSessionRequest, ListSessionsRequest, auth_service_client::AuthServiceClient,
};
use std::{error::Error, fmt::Write as _, path::PathBuf};
use tonic::transport::Uri;

/// What the tool is told.
#[derive(clap::Parser)]
pub(crate) struct Arguments {
    /// auth-service's public listener.
    pub(crate) auth: Uri,
    /// Who logs in, if nobody is.
    #[arg(default_value = "")]
    pub(crate) email: String,
    /// The password.
    #[arg(default_value = "")]
    pub(crate) password: String,
    /// Where the session is kept; others cannot read it.
    #[arg(long, default_value = "ticketing-session")]
    pub(crate) file: PathBuf,
    /// Authority of auth-service's certificate, for https.
    #[arg(long)]
    pub(crate) authority: Option<PathBuf>,
    /// End the session.
    #[arg(long)]
    pub(crate) log_out: bool,
    /// The time.
    #[arg(skip)]
    pub(crate) clock: Clock,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", run(clap::Parser::parse()).await?);
    Ok(())
}

/// Logs in if nobody is logged in, and lists the user's sessions; or logs out.
pub(crate) async fn run(arguments: Arguments) -> Result<String, Box<dyn Error>> {
    let files = |authority| ClientTlsFiles {
        authority,
        own: None,
    };
    let tls = arguments.authority.map(files).map(ClientTls::open);
    let auth = channel::connect(Target::new(&arguments.auth, tls.transpose()?)?);
    let store = FileStore::new(arguments.file);
    let settings = Settings {
        clock: arguments.clock,
        ..Settings::default()
    };
    let session = SessionClient::with(auth.clone(), store.clone(), settings);
    if arguments.log_out {
        session.log_out().await?;
        return Ok("logged out\n".to_owned());
    }
    if store.load().await?.is_none() {
        let log_in = CreateSessionRequest {
            email: arguments.email,
            password: arguments.password,
            device_info: "session_client example".to_owned(),
        };
        session.log_in(log_in).await?;
    }
    let mut client = AuthServiceClient::new(session.over(auth));
    let sessions = client.list_sessions(ListSessionsRequest::default()).await?;
    let mut text = String::new();
    for session in sessions.into_inner().sessions {
        writeln!(text, "{} {}", session.session_id, session.device_info)?;
    }
    Ok(text)
}
