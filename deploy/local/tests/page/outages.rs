//! auth-service away, and back.

use crate::{
    two_languages::{Language, in_both_languages},
    world::Served,
};
use serde_json::json;
use testing::{
    Kind,
    auth::Auth,
    pair::{PARTNER_USER, Pair, to_reach},
    proxy::TcpProxy,
};

in_both_languages! {
    async fn an_outage_is_told_and_nobody_is_logged_out(language: Language) {
        let auth = Auth::start(Kind::Sqlite).await;
        let for_services = TcpProxy::start(auth.replica.internal);
        let for_clients = TcpProxy::start(auth.replica.public);
        let flags = to_reach(&auth, for_services.address());
        let pair = Pair::with(auth, &flags, None).await;
        let served = Served::through(pair, for_clients.address()).await;
        let browser = served.browser_of(language, PARTNER_USER).await;
        browser.hurry().await;
        browser.go("/partner/requests").await;
        browser.element("link", "menu.devices").await;
        let rows = browser.rows().await;

        for_services.cut().await;
        for_clients.cut().await;
        // what was known stays, and the page says from when it is
        browser.shows(&browser.word("errors.unavailable").await).await;
        assert_eq!(browser.rows().await, rows);
        let pair = "localStorage.getItem('ticketing.session') !== null";
        assert_eq!(browser.evaluate(pair).await, true);
        // another view says so, too
        browser.press("link", "menu.devices").await;
        browser.element("button", "tryAgain").await;
        browser.shows(&browser.word("errors.unavailable").await).await;
        // the user is still logged in
        browser.driver.back().await.unwrap();
        browser.element("button", "logOut").await;

        for_services.restore().await;
        for_clients.restore().await;
        browser.shows_no(&browser.word("errors.unavailable").await).await;
        browser.waits_for(&rows, async || browser.rows().await == rows).await;
        assert_eq!(browser.evaluate(pair).await, true);
        let updated = browser.say("list.updated", json!([""])).await;
        browser.shows(updated.trim()).await;
        browser.quit_after(&["503", "ERR_"]).await;
    }
}
