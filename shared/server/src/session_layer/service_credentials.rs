//! How a service proves to another that it is a service.

use crate::serve::Peer;
use client::tls::ClientIdentities;
use client::validation::ServiceTokens;
use contract::bearer::{BearerToken, unauthenticated};
use contract::errors;
use proto::auth::v1::ErrorReason;
use tonic::{Code, Status};

/// What a caller must present to call a method for services. A listener accepts one of the two,
/// never both, so that the requirement is stated in one place.
#[derive(Clone, Debug)]
pub enum ServiceCredentials {
    /// A service token in the call's metadata.
    Tokens(ServiceTokens),
    /// A client certificate with one of these names. The listener must require certificates and
    /// verify them; otherwise every call is refused.
    Certificates(ClientIdentities),
}

impl ServiceCredentials {
    /// Checks that a caller is a service, by the token that it sent or by its certificate.
    pub(super) async fn authorize(
        &self,
        token: Result<BearerToken, ErrorReason>,
        peer: Option<&Peer>,
    ) -> Result<(), Status> {
        match self {
            Self::Tokens(tokens) => match token {
                Ok(token) if tokens.accept(token.expose()).await => Ok(()),
                _ => Err(unauthenticated(ErrorReason::ServiceTokenInvalid)),
            },
            Self::Certificates(identities) => match peer {
                Some(peer) if identities.accept(peer.names()) => Ok(()),
                _ => {
                    let names: Vec<_> = peer.into_iter().flat_map(Peer::names).collect();
                    tracing::warn!(
                        ?names,
                        "refused a client whose certificate does not name an allowed service"
                    );
                    Err(errors::refuse(
                        Code::PermissionDenied,
                        ErrorReason::ServiceNotAllowed,
                        "the service that your certificate names may not make this call",
                    ))
                }
            },
        }
    }
}
