//! Service tokens: the credentials with which services call ValidateSession.

use aws_lc_rs::{constant_time, digest};
use contract::reread::{File, Reread, Source, Unreadable};
use secrecy::{ExposeSecret, SecretString};
use std::{path::PathBuf, str, time::Duration};

/// The shortest service token that cannot be guessed.
const MIN_LENGTH: usize = 32;
/// The largest number of tokens in a file: the current one and, during a rotation, the next.
const MAX_TOKENS: usize = 2;
/// How often the file is checked for changes.
const REREAD_AFTER: Duration = Duration::from_secs(10);

/// The service tokens in a file: one or two, each on a line. A service sends the first and accepts
/// both. To rotate tokens, add the new one as the second line everywhere, then swap the lines
/// everywhere, then remove the old one.
///
/// The file is read again at most every ten seconds. While it cannot be read, the last tokens are
/// used.
#[derive(Clone, Debug)]
pub struct ServiceTokens {
    tokens: Reread<TokenFile>,
}

#[derive(Debug)]
struct TokenFile(PathBuf);

impl ServiceTokens {
    /// Reads the file.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, InvalidServiceTokens> {
        let tokens = Reread::open("service tokens", TokenFile(path.into()))?;
        Ok(Self { tokens })
    }

    /// The token to send.
    pub async fn current(&self) -> Option<SecretString> {
        let tokens = self.tokens.current_within(REREAD_AFTER).await;
        tokens.first().cloned()
    }

    /// Whether a presented token is one of these. Digests are compared in constant time, so that
    /// the duration reveals neither a prefix nor the length.
    pub async fn accept(&self, presented: &str) -> bool {
        let tokens = self.tokens.current_within(REREAD_AFTER).await;
        let presented = digest::digest(&digest::SHA256, presented.as_bytes());
        tokens.iter().fold(false, |accepted, token| {
            let token = digest::digest(&digest::SHA256, token.expose_secret().as_bytes());
            let equal =
                constant_time::verify_slices_are_equal(token.as_ref(), presented.as_ref()).is_ok();
            accepted | equal
        })
    }
}

impl Source for TokenFile {
    type Made = Vec<SecretString>;
    type Error = InvalidServiceTokens;

    const WHAT: &'static str = "service tokens";

    fn read(&self) -> Result<Vec<File>, InvalidServiceTokens> {
        Ok(vec![File::read(&self.0)?])
    }

    fn make(
        &self,
        files: &[File],
        _: Option<&Vec<SecretString>>,
    ) -> Result<Vec<SecretString>, InvalidServiceTokens> {
        let text = files
            .first()
            .and_then(|file| str::from_utf8(file.bytes()).ok());
        let tokens = text.and_then(parse);
        tokens.ok_or_else(|| InvalidServiceTokens::Content(self.0.clone()))
    }
}

fn parse(text: &str) -> Option<Vec<SecretString>> {
    let lines = text.lines().map(str::trim);
    let tokens: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let is_long_enough = tokens.iter().all(|token| token.len() >= MIN_LENGTH);
    let are_tokens = (1..=MAX_TOKENS).contains(&tokens.len()) && is_long_enough;
    are_tokens.then(|| tokens.into_iter().map(SecretString::from).collect())
}

/// Why a file of service tokens cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidServiceTokens {
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The file has other content.
    #[error("{}: must hold one or two tokens, a line each, of at least 32 characters", .0.display())]
    Content(PathBuf),
}
