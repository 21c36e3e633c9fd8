//! Stands where a replica of auth-service stands, and says what it is told to.

use client::tls::ServerTlsFiles;
use proto::auth::v1::{
    Principal, UserType, ValidateSessionRequest, ValidateSessionResponse,
    session_validation_service_server::{SessionValidationService, SessionValidationServiceServer},
};
use server::serve::Listener;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Response, Status, service::Routes};

/// It stops when this is dropped: calls end, connections are closed.
pub(crate) struct StandIn {
    pub(crate) address: SocketAddr,
    handlers: Arc<Handlers>,
    /// One message for each call that was given up.
    pub(crate) given_up: mpsc::UnboundedReceiver<()>,
    _stop: DropGuard,
}

/// What it says; `None` is nothing at all.
pub(crate) type Says = fn() -> Option<Result<(), Status>>;

struct Handlers {
    says: Says,
    calls: AtomicUsize,
    given_up: mpsc::UnboundedSender<()>,
}

impl StandIn {
    /// One that knows every token.
    pub(crate) async fn answering(address: &str) -> Self {
        Self::start(address, || Some(Ok(())), None).await
    }

    pub(crate) async fn saying(says: Says) -> Self {
        Self::start("127.0.0.1:0", says, None).await
    }

    pub(crate) async fn start(address: &str, says: Says, tls: Option<ServerTlsFiles>) -> Self {
        let (tell, given_up) = mpsc::unbounded_channel();
        let handlers = Arc::new(Handlers {
            says,
            calls: AtomicUsize::new(0),
            given_up: tell,
        });
        let service = SessionValidationServiceServer::from_arc(Arc::clone(&handlers));
        let listener = Listener::bind("stand-in", address.parse().unwrap())
            .await
            .unwrap()
            .with_tls(tls)
            .unwrap();
        let address = listener.address();
        let stop = CancellationToken::new();
        tokio::spawn(listener.serve(Routes::new(service), stop.clone()));
        Self {
            address,
            handlers,
            given_up,
            _stop: stop.drop_guard(),
        }
    }

    pub(crate) fn calls(&self) -> usize {
        self.handlers.calls.load(Ordering::SeqCst)
    }
}

struct TellsOfItsDrop<'a>(&'a mpsc::UnboundedSender<()>);

impl Drop for TellsOfItsDrop<'_> {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[tonic::async_trait]
impl SessionValidationService for Handlers {
    async fn validate_session(
        &self,
        _: Request<ValidateSessionRequest>,
    ) -> Result<Response<ValidateSessionResponse>, Status> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let Some(said) = (self.says)() else {
            let _tells = TellsOfItsDrop(&self.given_up);
            return std::future::pending().await;
        };
        said?;
        let principal = Principal {
            user_id: 1,
            name: "sara@example.com".to_owned(),
            user_type: UserType::Customer.into(),
            role: "customer".to_owned(),
            session_id: "0b2f0a3c-6f0e-4e34-9a3c-0d6a4c0f9b11".to_owned(),
            ..Principal::default()
        };
        Ok(Response::new(ValidateSessionResponse {
            principal: Some(principal),
            ..ValidateSessionResponse::default()
        }))
    }
}
