//! The third service, joined in a few lines.

use client::validation::Validator;
use contract::{access_rules::AccessRules, deadline::Limits, principal::principal};
use server::{serve::Listener, session_layer::SessionLayer};
use std::net::SocketAddr;
use testing::{
    PATIENCE,
    auth::channel,
    third::{
        FILE_DESCRIPTOR_SET,
        v1::{
            GreetRequest, GreetResponse, ReportRequest, ReportResponse, WaitRequest, WaitResponse,
            WhoAmIRequest, WhoAmIResponse,
            third_service_client::ThirdServiceClient,
            third_service_server::{ThirdService, ThirdServiceServer},
        },
    },
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Response, Status,
    service::{LayerExt as _, Routes},
    transport::Channel,
};

/// Starts it before a validator, with time for what a loaded machine takes; gives a
/// client.
pub(crate) async fn start(validator: impl Validator) -> Third {
    let limits = Limits {
        call: PATIENCE,
        validation: PATIENCE,
    };
    start_with(validator, limits).await
}

/// The same, with limits on a call's time.
pub(crate) async fn start_with(validator: impl Validator, limits: Limits) -> Third {
    let (dropped, drops) = mpsc::unbounded_channel();
    let rules = AccessRules::read(FILE_DESCRIPTOR_SET, &["third.v1.ThirdService"]).unwrap();
    let service = SessionLayer::with(rules, validator, None, limits)
        .unwrap()
        .named_layer(ThirdServiceServer::new(Handlers { dropped }));
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let listener = Listener::bind("third", any).await.unwrap();
    let channel = channel(listener.address());
    let client = ThirdServiceClient::new(channel.clone());
    let stop = CancellationToken::new();
    tokio::spawn(listener.serve(Routes::new(service), stop.clone()));
    Third {
        client,
        channel,
        drops,
        _stop: stop.drop_guard(),
    }
}

pub(crate) struct Third {
    pub(crate) client: ThirdServiceClient<Channel>,
    pub(crate) channel: Channel,
    /// One message for each call of Wait that was cancelled.
    pub(crate) drops: mpsc::UnboundedReceiver<()>,
    _stop: tokio_util::sync::DropGuard,
}

struct Handlers {
    dropped: mpsc::UnboundedSender<()>,
}

struct TellsOfItsDrop(mpsc::UnboundedSender<()>);

impl Drop for TellsOfItsDrop {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[tonic::async_trait]
impl ThirdService for Handlers {
    async fn greet(&self, _: Request<GreetRequest>) -> Result<Response<GreetResponse>, Status> {
        Ok(Response::new(GreetResponse {}))
    }

    async fn who_am_i(
        &self,
        request: Request<WhoAmIRequest>,
    ) -> Result<Response<WhoAmIResponse>, Status> {
        let name = principal(&request)?.name.clone();
        Ok(Response::new(WhoAmIResponse { name }))
    }

    async fn report(&self, _: Request<ReportRequest>) -> Result<Response<ReportResponse>, Status> {
        Ok(Response::new(ReportResponse {}))
    }

    async fn wait(&self, _: Request<WaitRequest>) -> Result<Response<WaitResponse>, Status> {
        let _guard = TellsOfItsDrop(self.dropped.clone());
        std::future::pending().await
    }
}
