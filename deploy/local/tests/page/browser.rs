//! A browser that shows the page.

use crate::{driver::Driver, two_languages::Language};
use serde_json::{Value, json};
use std::{
    fmt::Debug,
    net::SocketAddr,
    time::{Duration, Instant},
};
use testing::PATIENCE;
use thirtyfour::{
    ChromiumLikeCapabilities as _, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver,
};

/// How often a condition is looked at.
pub(crate) const LOOK: Duration = Duration::from_millis(20);

/// A browser with a profile of its own.
pub(crate) struct Browser {
    pub(crate) driver: WebDriver,
    pub(crate) language: Language,
    pub(crate) page: SocketAddr,
}

impl Browser {
    /// Starts one, and opens an address of the page.
    pub(crate) async fn open(
        driver: &Driver,
        language: Language,
        page: SocketAddr,
        path: &str,
    ) -> Self {
        let data = driver
            .folder
            .path()
            .join(format!("browser-{}", fastrand::u64(..)));
        let mut wanted = DesiredCapabilities::chrome();
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            // a tab behind another one is as quick
            "--disable-background-timer-throttling",
            "--disable-backgrounding-occluded-windows",
            "--disable-renderer-backgrounding",
            // it ends with chromedriver
            "--remote-debugging-pipe",
            "--window-size=1280,900",
            &format!("--user-data-dir={}", data.display()),
        ] {
            wanted.add_arg(argument).unwrap();
        }
        let languages = json!({ "intl.accept_languages": language.tag() });
        wanted.add_experimental_option("prefs", languages).unwrap();
        wanted
            .set_browser_log_level(LoggingPrefsLogLevel::All)
            .unwrap();
        let driver = WebDriver::new(&driver.url, wanted).await.unwrap();
        let browser = Self {
            driver,
            language,
            page,
        };
        browser.go(path).await;
        browser
    }

    /// The same, logged in.
    pub(crate) async fn of_user(
        driver: &Driver,
        language: Language,
        page: SocketAddr,
        email: &str,
        password: &str,
    ) -> Self {
        let browser = Self::open(driver, language, page, "/partner/requests").await;
        browser.log_in(email, password).await;
        browser.shows(&browser.word("list.next").await).await;
        browser
    }

    /// Fills the form of the log-in in, and sends it.
    pub(crate) async fn log_in(&self, email: &str, password: &str) {
        self.write("textbox", "logIn.email", email).await;
        self.write("textbox", "logIn.password", password).await;
        self.press("button", "logIn.submit").await;
    }

    /// Opens an address of the page, as if it were typed.
    pub(crate) async fn go(&self, path: &str) {
        let url = format!("http://{}{path}", self.page);
        self.driver.goto(url).await.unwrap();
        self.until("the page is there", "document.querySelector('h1') !== null")
            .await;
    }

    /// What stands behind the origin in its address.
    pub(crate) async fn path(&self) -> String {
        let path = self.evaluate("location.pathname + location.search").await;
        path.as_str().unwrap().to_owned()
    }

    /// What an expression is in the page.
    pub(crate) async fn evaluate(&self, expression: &str) -> Value {
        let script = format!("return {expression}");
        let told = self.driver.execute(script, vec![]).await.unwrap();
        told.json().clone()
    }

    /// What a promise of the page gives.
    pub(crate) async fn promised(&self, expression: &str) -> Value {
        let script = format!(
            "const done = arguments[0]; (async () => {expression})().then(done, (error) => done(`${{error}}`))"
        );
        let told = self.driver.execute_async(script, vec![]).await.unwrap();
        told.json().clone()
    }

    /// Waits until an expression is true in the page.
    pub(crate) async fn until(&self, what: &str, expression: &str) {
        self.waits_for(what, async || self.evaluate(expression).await == true)
            .await;
    }

    /// Waits for a condition.
    pub(crate) async fn waits_for(&self, what: impl Debug, holds: impl AsyncFn() -> bool) {
        let patience = Instant::now() + PATIENCE;
        while !holds().await {
            if Instant::now() > patience {
                let text = self.evaluate("document.body.innerText").await;
                panic!(
                    "not {what:?} at {}: {}",
                    self.path().await,
                    text.as_str().unwrap()
                );
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// A word of the page in its language, by its path in `words`.
    pub(crate) async fn word(&self, path: &str) -> String {
        self.say(path, json!([])).await
    }

    /// A sentence of the page in its language, made of arguments.
    pub(crate) async fn say(&self, path: &str, arguments: Value) -> String {
        // fields of messages have dots in their names
        let separator = if path.contains('/') { '/' } else { '.' };
        let steps = path.split(separator).map(|step| format!("[{step:?}]"));
        let expression = format!(
            "{{ const word = (await import('/web/words/{}.js')).default{}; \
             return typeof word === 'function' ? word(...{arguments}) : word; }}",
            self.language.tag(),
            steps.collect::<String>()
        );
        let word = self.promised(&expression).await;
        word.as_str().unwrap_or_else(|| panic!("{path}")).to_owned()
    }

    /// Waits until the page shows a text.
    pub(crate) async fn shows(&self, text: &str) {
        let expression = format!("document.body.innerText.includes({})", json!(text));
        self.until(text, &expression).await;
    }

    /// Waits until the page does not show a text.
    pub(crate) async fn shows_no(&self, text: &str) {
        let expression = format!("!document.body.innerText.includes({})", json!(text));
        self.until(&format!("without {text}"), &expression).await;
    }

    /// Waits until its address ends so.
    pub(crate) async fn is_at(&self, path: &str) {
        self.waits_for(("at", path), async || self.path().await == path)
            .await;
    }

    /// The numbers of the requests that it lists.
    pub(crate) async fn rows(&self) -> Vec<String> {
        let rows = self
            .evaluate(
                "[...document.querySelectorAll('tbody th, tbody tr a')].map((a) => a.textContent)",
            )
            .await;
        serde_json::from_value(rows).unwrap()
    }

    /// Waits until the list is on a page of this number.
    pub(crate) async fn is_on_page(&self, page: u32) {
        let digits = self.number(page).await;
        let text = self.say("list.page", json!([digits])).await;
        self.shows(&format!("{text} ·")).await;
    }

    /// A number in its language.
    pub(crate) async fn number(&self, number: u32) -> String {
        let expression = format!("{{ return (await import('/web/ui.js')).number({number}); }}");
        self.promised(&expression)
            .await
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// From the next page that it opens on, half a minute passes in a third of a second.
    pub(crate) async fn hurry(&self) {
        let script = "const real = globalThis.setTimeout; \
            globalThis.setTimeout = (work, time, ...rest) => \
            real(work, time > 15_000 ? time / 100 : time, ...rest);";
        self.prepare(script).await;
    }

    /// Runs a script before those of each page that it opens from now on.
    pub(crate) async fn prepare(&self, script: &str) {
        let method = "Page.addScriptToEvaluateOnNewDocument";
        // each in a scope of its own
        let script = json!({ "source": format!("{{ {script} }}") });
        self.driver.cdp().send_raw(method, script).await.unwrap();
    }

    /// Ends it, after a look at its console.
    pub(crate) async fn quit(self) {
        self.is_silent(&[]).await;
        self.driver.quit().await.unwrap();
    }

    /// Ends it, after a look at its console, on which the browser itself notes each refused call.
    pub(crate) async fn quit_after(self, refusals: &[&str]) {
        self.is_silent(refusals).await;
        self.driver.quit().await.unwrap();
    }

    /// Nothing is on its console, except for calls whose answers are these statuses.
    async fn is_silent(&self, refusals: &[&str]) {
        let log = self.driver.browser_log().await.unwrap();
        let is_expected = |message: &str| refusals.iter().any(|status| message.contains(status));
        let messages: Vec<_> = log
            .iter()
            .filter(|entry| {
                entry.source.as_deref() != Some("network") || !is_expected(&entry.message)
            })
            .map(|entry| entry.message.as_str())
            .collect();
        assert!(messages.is_empty(), "{messages:?}");
    }
}
