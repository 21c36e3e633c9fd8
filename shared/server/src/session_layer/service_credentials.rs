//! What shows that a caller is a service.

use crate::serve::Peer;
use client::tls::ClientIdentities;
use client::validation::ServiceTokens;
use contract::bearer::BearerToken;
use contract::errors;
use proto::auth::v1::ErrorReason;
use tonic::{Code, Status, metadata::MetadataMap};

/// What a service must show to call a method that is for services: one of the two,
/// never either, so that what is asked for stands in one place.
#[derive(Clone, Debug)]
pub enum ServiceCredentials {
    /// A service token, in the call's metadata.
    Tokens(ServiceTokens),
    /// A client certificate with one of these names. The listener must ask for
    /// certificates, and verify them; on one that does not, nobody is let in.
    Certificates(ClientIdentities),
}

impl ServiceCredentials {
    /// Whether a call is a service's.
    pub(super) async fn authorize(
        &self,
        metadata: &MetadataMap,
        peer: Option<&Peer>,
    ) -> Result<(), Status> {
        match self {
            Self::Tokens(tokens) => match BearerToken::from_metadata(metadata) {
                Ok(token) if tokens.accept(token.expose()).await => Ok(()),
                _ => Err(super::layer::unauthenticated(
                    ErrorReason::ServiceTokenInvalid,
                )),
            },
            Self::Certificates(identities) => match peer {
                Some(peer) if identities.accept(peer.names()) => Ok(()),
                _ => {
                    let names: Vec<_> = peer.into_iter().flat_map(Peer::names).collect();
                    tracing::warn!(?names, "a client whose certificate names no service");
                    Err(errors::refuse(
                        Code::PermissionDenied,
                        ErrorReason::ServiceNotAllowed,
                        "this call is not for the service that your certificate names",
                    ))
                }
            },
        }
    }
}
