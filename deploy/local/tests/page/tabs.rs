//! Two tabs that refresh at once, while answers are lost.

use crate::{browser::Browser, two_languages::Language, world::Served};
use std::time::Duration;
use testing::{
    Kind,
    auth::Auth,
    pair::{PARTNER_USER, Pair, to_reach},
    proxy::TcpProxy,
};
use thirtyfour::WindowHandle;

const ROUNDS: i64 = 200;
const ROUNDS_WITHOUT_LOCKS: i64 = 50;
/// Longer than an access token lives.
const ROUND: Duration = Duration::from_mins(16);

/// Whether the use of the pair is noted. A pair that was not used is given again, and not rotated.
const USED: &str = "SELECT count(*) FROM user_sessions WHERE used_at IS NOT NULL";

/// What each tab does when a round begins: a call, and a note of how it ended.
const PREPARE: &str = "{ const { listRequests, session } = await import('/web/api.js'); \
    globalThis.outcome = ''; \
    const ask = async () => { \
        try { \
            const { partnerRequests } = await listRequests({ pageSize: 1 }); \
            globalThis.outcome = `listed ${partnerRequests.length}`; \
        } catch (error) { globalThis.outcome = `${error.code} ${error.reason}`; } \
    }; \
    globalThis.rounds = new BroadcastChannel('rounds'); \
    rounds.onmessage = ask; \
    globalThis.begin = () => { outcome = ''; rounds.postMessage('begin'); ask(); }; \
    return 'ready'; }";

struct Tabs {
    browser: Browser,
    tabs: [WindowHandle; 2],
}

impl Tabs {
    async fn open(served: &Served, script: &str) -> Self {
        let browser = served.browser_of(Language::English, PARTNER_USER).await;
        let first = browser.driver.window().await.unwrap();
        let second = browser.driver.new_tab().await.unwrap();
        let tabs = [first, second];
        for tab in &tabs {
            browser.driver.switch_to_window(tab.clone()).await.unwrap();
            browser.prepare(script).await;
            browser.go("/partner/password").await;
            assert_eq!(browser.promised(PREPARE).await, "ready");
        }
        Self { browser, tabs }
    }

    /// One round: the token has expired for both, and the first answer to a refresh is lost.
    async fn round(&self, proxy: &TcpProxy, round: i64) {
        let loses = round % 4 != 0;
        for tab in &self.tabs {
            self.to(tab).await;
            self.browser.evaluate("globalThis.outcome = ''").await;
        }
        let connections = proxy.connections();
        if loses {
            proxy.lose_answer_to(b"RefreshSession").await;
        }
        self.browser.evaluate("begin()").await;
        if loses {
            // it was lost once a new connection is made
            let is_lost = async || proxy.connections() > connections;
            self.browser.waits_for(("lost", round), is_lost).await;
            proxy.restore().await;
        }
        for tab in &self.tabs {
            self.to(tab).await;
            self.browser.until("an outcome", "outcome !== ''").await;
            let outcome = self.browser.evaluate("outcome").await;
            assert_eq!(outcome, "listed 1", "round {round}");
        }
    }

    async fn to(&self, tab: &WindowHandle) {
        self.browser
            .driver
            .switch_to_window(tab.clone())
            .await
            .unwrap();
    }
}

async fn two_tabs_stay_logged_in(script: &str, rounds: i64) {
    let auth = Auth::start(Kind::Sqlite).await;
    let proxy = TcpProxy::start(auth.replica.public);
    let flags = to_reach(&auth, auth.replica.internal);
    let pair = Pair::with(auth, &flags, None).await;
    let served = Served::through(pair, proxy.address()).await;
    let tabs = Tabs::open(&served, script).await;
    for round in 1..=rounds {
        let database = &served.pair.auth.database;
        let is_used = async || database.query_number(USED).await == 1;
        tabs.browser.waits_for("used", is_used).await;
        served.pair.auth.clock.advance(ROUND);
        tabs.round(&proxy, round).await;
    }
    // each round was one rotation, however often it was asked for
    let generation = "JSON.parse(localStorage.getItem('ticketing.session')).generation";
    assert_eq!(tabs.browser.evaluate(generation).await, rounds + 1);
    tabs.browser.quit_after(&["401", "503"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_that_refresh_at_once_while_answers_are_lost_stay_logged_in() {
    two_tabs_stay_logged_in("", ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_without_locks_stay_logged_in() {
    let script = "Object.defineProperty(navigator, 'locks', { value: undefined });";
    two_tabs_stay_logged_in(script, ROUNDS_WITHOUT_LOCKS).await;
}
