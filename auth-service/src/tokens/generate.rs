//! Generates signing keys.

use super::keys::KeyName;
use aws_lc_rs::signature::Ed25519KeyPair;
use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// Writes a new key into a directory, readable by its owner only, and returns the file's path.
/// Fails if a file with that name exists.
pub fn generate_key(directory: &Path, name: KeyName) -> Result<PathBuf, GenerateError> {
    // version 1 of PKCS#8 (RFC 5208), because OpenSSL 3.0 and programs that use it read no other
    // version
    let pkcs8 = Ed25519KeyPair::generate()
        .and_then(|pair| pair.to_pkcs8v1())
        .map_err(|_| GenerateError::Random)?;
    let pem = pem::encode(&pem::Pem::new("PRIVATE KEY", pkcs8.as_ref()));
    let path = directory.join(format!("{name}.pem"));
    let mut options = OpenOptions::new();
    let created = options.write(true).create_new(true).mode(0o600).open(&path);
    let written = created.and_then(|mut file| {
        let written = file
            .write_all(pem.as_bytes())
            .and_then(|()| file.sync_all());
        written.inspect_err(|_| {
            // an incomplete key would prevent every later start
            let _ = fs::remove_file(&path);
        })
    });
    match written {
        Ok(()) => Ok(path),
        Err(source) => Err(GenerateError::Write { path, source }),
    }
}

/// Why no key was generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The operating system's random source failed.
    #[error("the system's random source failed")]
    Random,
    /// The file cannot be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}
