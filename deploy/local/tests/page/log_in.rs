//! Log-in and log-out.

use crate::{
    two_languages::{Language, in_both_languages},
    world::{Demo, PARTNER},
};
use thirtyfour::Key;

in_both_languages! {
    async fn a_log_in_leads_back_to_where_one_was(language: Language) {
        let demo = Demo::start();
        let wanted = "/partner/requests?status=completed";
        let browser = demo.browser(language, wanted).await;
        browser.is_at("/partner/log-in?next=%2Fpartner%2Frequests%3Fstatus%3Dcompleted").await;
        browser.log_in(PARTNER, local::demo::PASSWORD).await;
        browser.is_at(wanted).await;
        browser.element("heading", "titles.requests").await;

        browser.press("link", "menu.devices").await;
        browser.element("heading", "titles.devices").await;
        browser.press("button", "logOut").await;
        browser.is_at("/partner/log-in?next=%2Fpartner%2Frequests").await;
        browser.shows(&browser.word("ended.LOGGED_OUT").await).await;
        // the way back leads to no page of before
        browser.driver.back().await.unwrap();
        browser.element("button", "logIn.submit").await;
        browser.quit().await;
    }

    async fn what_is_wrong_with_a_log_in_is_a_sentence_beside_its_field(language: Language) {
        let demo = Demo::start();
        let browser = demo.browser(language, "/partner/log-in").await;
        browser.press("button", "logIn.submit").await;
        for (field, sentence) in [
            ("logIn.email", "logIn.emptyEmail"),
            ("logIn.password", "logIn.emptyPassword"),
        ] {
            let field = browser.element("textbox", field).await;
            assert_eq!(field.attr("aria-invalid").await.unwrap().unwrap(), "true");
            let described = field.attr("aria-describedby").await.unwrap().unwrap();
            let told = browser
                .evaluate(&format!("document.getElementById('{described}').innerText"))
                .await;
            assert_eq!(told, browser.word(sentence).await);
        }
        // the first wrong one has the focus, and the keyboard is enough
        let focused = browser.driver.active_element().await.unwrap();
        assert_eq!(focused.attr("name").await.unwrap().unwrap(), "email");
        focused.send_keys(PARTNER).await.unwrap();
        focused.send_keys(Key::Tab + "").await.unwrap();
        let focused = browser.driver.active_element().await.unwrap();
        focused.send_keys("wrong").await.unwrap();
        focused.send_keys(Key::Enter + "").await.unwrap();
        browser.shows(&browser.word("reasons.CREDENTIALS_INVALID").await).await;
        let alert = browser.evaluate("document.querySelector('[role=alert]').textContent").await;
        assert_eq!(alert, browser.word("reasons.CREDENTIALS_INVALID").await);
        browser.quit_after(&["401"]).await;
    }

    async fn a_caller_who_may_see_nothing_is_told_why(language: Language) {
        let demo = Demo::start();
        for (email, reason) in [
            ("partner@paused.example", "reasons.PARTNER_SUSPENDED"),
            ("unassigned@platform.example", "reasons.PARTNER_NOT_ASSIGNED"),
            ("customer@platform.example", "reasons.USER_TYPE_NOT_ALLOWED"),
        ] {
            let browser = demo.browser(language, "/partner/requests").await;
            browser.log_in(email, local::demo::PASSWORD).await;
            browser.shows(&browser.word(reason).await).await;
            browser.quit_after(&["403"]).await;
        }
    }
}
