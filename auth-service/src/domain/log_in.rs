//! Log-in and registration.

use super::{AuthError, Grant, Sessions, standing};
use crate::{
    model::{Client, NewCustomer, Password, Refusal},
    passwords::{Algorithm, Scheme},
    store::{CreateOutcome, NewSession, StoreError},
};
use shared::ids::SessionId;

/// How often a password that changes under a log-in is verified anew.
const VERIFICATIONS: usize = 2;

impl Sessions {
    /// Logs in. An unknown e-mail, a wrong password and a disabled user get the
    /// same answer after the same work.
    pub async fn log_in(
        &self,
        email: &str,
        password: &Password,
        client: Client,
    ) -> Result<Grant, AuthError> {
        let attempt = self.throttles.log_in(email, &client).await?;
        let found = self.store.find_log_in(email).await?;
        // a user that may not log in is as unknown as one that is not there
        let found = found.filter(|found| found.is_live);
        let mut hash = found.as_ref().map(|found| found.password.clone());
        let session = self.new_session(client);
        for _ in 0..VERIFICATIONS {
            let verified = self.passwords.verify(password, hash.as_ref()).await;
            let matches = self.throttles.unless_not_made(&attempt, verified).await?;
            let (Some(found), Some(verified), true) = (&found, &hash, matches) else {
                break;
            };
            match self
                .store
                .create_session(found.user_id, verified, &session)
                .await?
            {
                CreateOutcome::Created => {
                    tracing::info!(session = %session.id, user = %found.user_id, "session created");
                    self.throttles.forget(&attempt).await;
                    return self.grant_new(session.id).await;
                }
                CreateOutcome::UserGone => break,
                CreateOutcome::PasswordChanged(now) => hash = Some(now),
            }
        }
        tracing::info!("log-in refused");
        Err(Refusal::CredentialsInvalid.into())
    }

    /// Registers a customer and logs in.
    pub async fn register(
        &self,
        new: &NewCustomer,
        password: &Password,
        client: Client,
    ) -> Result<Grant, AuthError> {
        let attempt = self.throttles.register(&client).await?;
        let hashed = self.passwords.hash(self.algorithm().await?, password).await;
        let hash = self.throttles.unless_not_made(&attempt, hashed).await?;
        let session = self.new_session(client);
        let user = match self.store.register(new, &hash, &session).await {
            Err(StoreError::Exists(_)) => return Err(AuthError::EmailTaken),
            outcome => outcome?,
        };
        tracing::info!(session = %session.id, %user, "customer registered");
        self.grant_new(session.id).await
    }

    /// The hash that is written now.
    pub(super) async fn algorithm(&self) -> Result<Algorithm, AuthError> {
        Ok(match self.scheme {
            Scheme::Fixed(algorithm) => algorithm,
            Scheme::Auto if self.store.is_adopted().await? => Algorithm::Bcrypt,
            Scheme::Auto => Algorithm::Argon2id,
        })
    }

    fn new_session(&self, client: Client) -> NewSession {
        NewSession {
            id: SessionId::random(),
            client,
            lives: self.lives,
        }
    }

    async fn grant_new(&self, id: SessionId) -> Result<Grant, AuthError> {
        let record = self
            .store
            .load_one(id)
            .await?
            .ok_or(Refusal::SessionNotFound)?;
        let user = standing(&record).map_err(|dead| dead.refusal)?.clone();
        self.grant(&record, user)
    }
}
