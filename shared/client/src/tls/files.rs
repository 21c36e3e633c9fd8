//! Files of certificates and keys, as configuration names them and as they are parsed. Errors do
//! not contain the content of files.

use contract::reread::{File, Unreadable};
use std::path::{Path, PathBuf};
use tokio_rustls::rustls::{
    self, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

/// A certificate chain, with the end entity's certificate first, and its private key: PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The chain.
    pub certificate: PathBuf,
    /// The key.
    pub key: PathBuf,
}

impl CertificateFiles {
    /// Both files, if both are given.
    #[must_use]
    pub fn of(certificate: Option<&PathBuf>, key: Option<&PathBuf>) -> Option<Self> {
        let (certificate, key) = certificate.cloned().zip(key.cloned())?;
        Some(Self { certificate, key })
    }
}

/// Why files of certificates, keys or authorities cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTls {
    /// A file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A file has the wrong content.
    #[error("{}: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is missing.
        problem: &'static str,
    },
    /// The content cannot be used, or does not fit together.
    #[error("{}: {problem}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
}

impl InvalidTls {
    pub(super) fn refused(path: &Path, problem: &impl ToString) -> Self {
        Self::Refused {
            path: path.to_owned(),
            problem: problem.to_string(),
        }
    }

    fn content(path: &Path, problem: &'static str) -> Self {
        Self::Content {
            path: path.to_owned(),
            problem,
        }
    }
}

pub(super) fn read<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<Vec<File>, InvalidTls> {
    let files: Result<_, Unreadable> = paths.into_iter().map(File::read).collect();
    Ok(files?)
}

pub(super) fn chain(file: &File) -> Result<Vec<CertificateDer<'static>>, InvalidTls> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(file.bytes()).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(InvalidTls::content(
            file.path(),
            "must hold certificates in PEM",
        )),
    }
}

pub(super) fn key(file: &File) -> Result<PrivateKeyDer<'static>, InvalidTls> {
    // the parser's error may repeat a line of the key
    PrivateKeyDer::from_pem_slice(file.bytes())
        .map_err(|_| InvalidTls::content(file.path(), "must hold a private key in PEM"))
}

pub(super) fn authorities(file: &File) -> Result<RootCertStore, InvalidTls> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(file)? {
        roots
            .add(certificate)
            .map_err(|error: rustls::Error| InvalidTls::refused(file.path(), &error))?;
    }
    Ok(roots)
}
