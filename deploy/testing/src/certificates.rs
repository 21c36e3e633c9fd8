//! Authorities and certificates for one test, and a mounted Secret.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType, string::Ia5String,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

/// An authority that signs certificates.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
#[derive(Clone, Debug)]
pub struct Certified {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

impl Authority {
    /// A new one, which nobody trusts yet.
    #[must_use]
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let name = "an authority of the tests";
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        Self { issuer }
    }

    /// Its own certificate, in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A server's, for these names and addresses.
    #[must_use]
    pub fn server(&self, names: &[&str]) -> Certified {
        self.sign(names, ExtendedKeyUsagePurpose::ServerAuth, |_| {})
    }

    /// A server's that ends at the beginning of a year.
    #[must_use]
    pub fn server_until(&self, names: &[&str], year: i32) -> Certified {
        self.sign(names, ExtendedKeyUsagePurpose::ServerAuth, |params| {
            params.not_after = rcgen::date_time_ymd(year, 1, 1);
        })
    }

    /// A server's that ended in the year 2000.
    #[must_use]
    pub fn expired_server(&self, names: &[&str]) -> Certified {
        self.sign(names, ExtendedKeyUsagePurpose::ServerAuth, expire)
    }

    /// A client's, with these names; those with `://` are URIs.
    #[must_use]
    pub fn client(&self, names: &[&str]) -> Certified {
        self.sign(names, ExtendedKeyUsagePurpose::ClientAuth, |_| {})
    }

    /// A client's that ended in the year 2000.
    #[must_use]
    pub fn expired_client(&self, names: &[&str]) -> Certified {
        self.sign(names, ExtendedKeyUsagePurpose::ClientAuth, expire)
    }

    fn sign(
        &self,
        names: &[&str],
        usage: ExtendedKeyUsagePurpose,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Certified {
        let (uris, names): (Vec<&str>, Vec<&str>) =
            names.iter().partition(|name| name.contains("://"));
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let mut params = CertificateParams::new(names).expect("names");
        for uri in uris {
            let uri = Ia5String::try_from(uri).expect("a URI");
            params.subject_alt_names.push(SanType::URI(uri));
        }
        params.extended_key_usages = vec![usage];
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Certified {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

fn expire(params: &mut CertificateParams) {
    params.not_before = rcgen::date_time_ymd(1999, 1, 1);
    params.not_after = rcgen::date_time_ymd(2000, 1, 1);
}

/// A folder as Kubernetes mounts a Secret: the files are symbolic links through `..data`, which is
/// replaced as a whole when the Secret changes.
#[derive(Debug)]
pub struct Mounted {
    folder: tempfile::TempDir,
    version: AtomicU32,
}

impl Mounted {
    /// With a certificate, its key, and an authority.
    #[must_use]
    pub fn new(certified: &Certified, authority: &Authority) -> Self {
        let mounted = Self {
            folder: tempfile::tempdir().expect("a folder"),
            version: AtomicU32::new(0),
        };
        mounted.swap(certified, authority);
        for name in ["tls.crt", "tls.key", "ca.crt"] {
            let link = Path::new("..data").join(name);
            std::os::unix::fs::symlink(link, mounted.folder.path().join(name)).expect("a link");
        }
        mounted
    }

    /// The Secret has changed.
    pub fn swap(&self, certified: &Certified, authority: &Authority) {
        let version = self.version.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.path();
        let data = format!("..version-{version}");
        fs::create_dir(folder.join(&data)).expect("a folder");
        for (name, text) in [
            ("tls.crt", &certified.certificate),
            ("tls.key", &certified.key),
            ("ca.crt", &authority.pem()),
        ] {
            fs::write(folder.join(&data).join(name), text).expect("a file");
        }
        let next = folder.join("..data-next");
        std::os::unix::fs::symlink(data, &next).expect("a link");
        fs::rename(next, folder.join("..data")).expect("a link in place of another");
    }

    /// The certificate's file.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("tls.crt")
    }

    /// The key's file.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("tls.key")
    }

    /// The authority's file.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }
}
