//! How a session ends while the page is open.

use crate::{
    two_languages::{Language, in_both_languages},
    world::{Demo, OPERATIONS, PARTNER, Served},
};
use proto::auth::v1::{RevokeUserSessionsRequest, revoke_user_sessions_request::Scope};
use serde_json::json;
use std::time::Duration;
use testing::{
    Kind,
    auth::{channel, with_token},
    pair::PARTNER_USER,
};

in_both_languages! {
    async fn a_session_that_staff_end_leads_to_the_log_in_and_back(language: Language) {
        let demo = Demo::start();
        let browser = demo.browser_of(language, PARTNER).await;
        browser.hurry().await;
        browser.go("/partner/requests?status=completed").await;

        let staff = demo.browser_of(language, OPERATIONS).await;
        let token = "JSON.parse(localStorage.getItem('ticketing.session')).accessToken";
        let token = staff.evaluate(token).await;
        let request = RevokeUserSessionsRequest {
            scope: Some(Scope::UserId(1)),
            reason: "a lost laptop".to_owned(),
            validate_only: false,
        };
        let mut client = proto::auth::v1::auth_service_client::AuthServiceClient::new(channel(demo.running.auth()));
        let ended = client.revoke_user_sessions(with_token(request, token.as_str().unwrap()));
        assert_eq!(ended.await.unwrap().into_inner().session_count, 1);
        staff.quit().await;

        // nobody touches the page
        browser.shows(&browser.word("ended.SESSION_ENDED").await).await;
        browser.log_in(PARTNER, local::demo::PASSWORD).await;
        browser.is_at("/partner/requests?status=completed").await;
        browser.element("button", "list.next").await;
        browser.quit_after(&["401"]).await;
    }

    async fn a_log_out_in_one_tab_is_a_log_out_in_all(language: Language) {
        let demo = Demo::start();
        let browser = demo.browser_of(language, PARTNER).await;
        let first = browser.driver.window().await.unwrap();
        let second = browser.driver.new_tab().await.unwrap();
        browser.driver.switch_to_window(second.clone()).await.unwrap();
        browser.go("/partner/devices").await;
        browser.element("heading", "titles.devices").await;
        browser.driver.switch_to_window(first).await.unwrap();
        browser.press("button", "logOut").await;
        browser.element("button", "logIn.submit").await;
        browser.driver.switch_to_window(second).await.unwrap();
        browser.shows(&browser.word("ended.LOGGED_OUT").await).await;
        // and a log-in is one in all
        browser.log_in(PARTNER, local::demo::PASSWORD).await;
        browser.element("button", "logOut").await;
        browser.quit().await;
    }

    async fn a_session_that_has_expired_says_so(language: Language) {
        let served = Served::start(Kind::Sqlite).await;
        let browser = served.browser_of(language, PARTNER_USER).await;
        served.pair.auth.clock.advance(Duration::from_hours(8 * 24));
        browser.press("link", "menu.devices").await;
        browser.shows(&browser.word("ended.SESSION_EXPIRED").await).await;
        browser.is_at("/partner/log-in?next=%2Fpartner%2Fdevices").await;
        browser.quit_after(&["401"]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_is_in_an_address_or_in_the_document() {
    let demo = Demo::start();
    let browser = demo.browser_of(Language::English, PARTNER).await;
    let pair = browser
        .evaluate("JSON.parse(localStorage.getItem('ticketing.session'))")
        .await;
    for view in [
        "requests",
        "devices",
        "password",
        "requests?status=assigned",
    ] {
        browser.go(&format!("/partner/{view}")).await;
        browser.element("button", "logOut").await;
        for token in [&pair["accessToken"], &pair["refreshToken"]] {
            let signature = token.as_str().unwrap().rsplit('.').next().unwrap();
            let seen = format!(
                "document.documentElement.outerHTML.includes({0}) || location.href.includes({0}) \
                 || performance.getEntries().some((each) => each.name.includes({0}))",
                json!(signature)
            );
            assert_eq!(browser.evaluate(&seen).await, false, "{view}");
        }
    }
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_module_keeps_the_rules_for_clients() {
    let demo = Demo::start();
    let browser = demo.browser(Language::English, "/partner/log-in").await;
    let script = include_str!("session_module.js");
    let (_, script) = script.split_once("\nasync () => ").unwrap();
    assert_eq!(browser.promised(script).await, json!([]));
    browser.quit().await;
}
