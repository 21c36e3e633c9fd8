//! The least that a call can cost: a server of tonic's with nothing behind it, which answers
//! ValidateSession with the token that it was sent, as the name of the principal. It prints
//! where it listens, and ends with its standard input. What the services add to a call is
//! measured beside it: `cargo bench -p local --bench speed`.

#![allow(clippy::print_stdout, reason = "who started it reads the address")]

use proto::auth::v1::{
    Principal, ValidateSessionRequest, ValidateSessionResponse,
    session_validation_service_server::{SessionValidationService, SessionValidationServiceServer},
};
use std::{error::Error, io, net::Ipv4Addr};
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

// the services' own
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Echo;

#[tonic::async_trait]
impl SessionValidationService for Echo {
    async fn validate_session(
        &self,
        request: Request<ValidateSessionRequest>,
    ) -> Result<Response<ValidateSessionResponse>, Status> {
        let principal = Principal {
            name: request.into_inner().access_token,
            ..Principal::default()
        };
        Ok(Response::new(ValidateSessionResponse {
            principal: Some(principal),
            ..ValidateSessionResponse::default()
        }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let incoming = TcpIncoming::bind((Ipv4Addr::LOCALHOST, 0).into())?.with_nodelay(Some(true));
    println!("{}", incoming.local_addr()?);
    let serving = Server::builder()
        .add_service(SessionValidationServiceServer::new(Echo))
        .serve_with_incoming(incoming);
    let ended = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink()));
    tokio::select! {
        served = serving => served?,
        ended = ended => drop(ended??),
    }
    Ok(())
}
