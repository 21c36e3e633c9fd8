//! What the page is served by: the program, or services in this process whose clock tests advance.

use crate::{browser::Browser, driver::Driver, process::Running, two_languages::Language};
use local::web::{Gateway, Services};
use std::net::SocketAddr;
use testing::{Kind, auth::PASSWORD, pair::Pair};
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) const PARTNER: &str = "partner@swift.example";
pub(crate) const OTHER_PARTNER: &str = "partner@oasis.example";
pub(crate) const OPERATIONS: &str = "operation@platform.example";

/// The program with demo data, and browsers for it.
pub(crate) struct Demo {
    pub(crate) driver: Driver,
    pub(crate) running: Running,
    _folder: tempfile::TempDir,
}

impl Demo {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let running = Running::start(folder.path(), &["--demo-requests=400"]);
        Self {
            driver: Driver::start(),
            running,
            _folder: folder,
        }
    }

    /// A browser that nobody has logged in with.
    pub(crate) async fn browser(&self, language: Language, path: &str) -> Browser {
        Browser::open(&self.driver, language, self.running.page(), path).await
    }

    /// A browser of a user.
    pub(crate) async fn browser_of(&self, language: Language, email: &str) -> Browser {
        let page = self.running.page();
        Browser::of_user(&self.driver, language, page, email, local::demo::PASSWORD).await
    }
}

/// Both services, whose clock tests advance.
pub(crate) struct Served {
    pub(crate) driver: Driver,
    pub(crate) pair: Pair,
    pub(crate) page: SocketAddr,
    _stop: DropGuard,
}

impl Served {
    pub(crate) async fn start(kind: Kind) -> Self {
        let pair = Pair::start(kind).await;
        let auth = pair.auth.replica.public;
        Self::through(pair, auth).await
    }

    /// The page reaches auth-service at an address, for example that of a proxy.
    pub(crate) async fn through(pair: Pair, auth: SocketAddr) -> Self {
        let gateway = Gateway::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let page = gateway.address();
        let services = Services {
            auth,
            requests: pair.public,
        };
        let stop = CancellationToken::new();
        tokio::spawn(gateway.serve(services, stop.clone()));
        Self {
            driver: Driver::start(),
            pair,
            page,
            _stop: stop.drop_guard(),
        }
    }

    pub(crate) async fn browser_of(&self, language: Language, email: &str) -> Browser {
        Browser::of_user(&self.driver, language, self.page, email, PASSWORD).await
    }
}
