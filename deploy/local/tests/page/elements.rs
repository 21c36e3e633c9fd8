//! Elements, found by the roles and names that assistive technology gets.

use crate::browser::{Browser, LOOK};
use serde_json::json;
use std::time::Instant;
use testing::PATIENCE;
use thirtyfour::{By, Key, WebElement};

/// The attribute by which an element that was found by its role is handed on.
const FOUND: &str = "data-found";

impl Browser {
    /// The elements of a role, with the names that assistive technology gets.
    pub(crate) async fn named(&self, role: &str) -> Vec<(String, u64)> {
        let cdp = self.driver.cdp();
        let document = cdp
            .send_raw("Runtime.evaluate", json!({ "expression": "document" }))
            .await
            .unwrap();
        let asked = json!({ "objectId": document["result"]["objectId"], "role": role });
        let answer = cdp.send_raw("Accessibility.queryAXTree", asked).await;
        let nodes = answer.unwrap_or_default();
        let nodes = nodes["nodes"].as_array().cloned().unwrap_or_default();
        let seen = nodes.iter().filter(|node| node["ignored"] == false);
        seen.filter_map(|node| {
            let name = node["name"]["value"].as_str()?.to_owned();
            Some((name, node["backendDOMNodeId"].as_u64()?))
        })
        .collect()
    }

    /// The names of all elements of a role.
    pub(crate) async fn names(&self, role: &str) -> Vec<String> {
        let named = self.named(role).await;
        named.into_iter().map(|(name, _)| name).collect()
    }

    /// The element of a role and a name, if it is there.
    async fn look_for(&self, role: &str, name: &str) -> Option<WebElement> {
        let named = self.named(role).await;
        let (_, node) = named.into_iter().find(|(other, _)| other == name)?;
        let cdp = self.driver.cdp();
        let resolved = cdp
            .send_raw("DOM.resolveNode", json!({ "backendNodeId": node }))
            .await
            .ok()?;
        let mark = format!("{}", fastrand::u64(..));
        let marked = json!({
            "objectId": resolved["object"]["objectId"],
            "functionDeclaration": format!("function () {{ this.setAttribute('{FOUND}', '{mark}'); }}"),
        });
        cdp.send_raw("Runtime.callFunctionOn", marked).await.ok()?;
        let selector = format!("[{FOUND}='{mark}']");
        self.driver.find(By::Css(selector)).await.ok()
    }

    /// Waits for the element of a role and a name.
    pub(crate) async fn named_element(&self, role: &str, name: &str) -> WebElement {
        let patience = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = self.look_for(role, name).await {
                return found;
            }
            assert!(
                Instant::now() < patience,
                "no {role} {name:?} among {:?} at {}",
                self.names(role).await,
                self.path().await
            );
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Whether there is an element of a role and a word.
    pub(crate) async fn has(&self, role: &str, word: &str) -> bool {
        let name = self.word(word).await;
        self.names(role).await.contains(&name)
    }

    /// The element of a role and a word.
    pub(crate) async fn element(&self, role: &str, word: &str) -> WebElement {
        let name = self.word(word).await;
        self.named_element(role, &name).await
    }

    /// Presses the element of a role and a word.
    pub(crate) async fn press(&self, role: &str, word: &str) {
        let name = self.word(word).await;
        self.press_named(role, &name).await;
    }

    /// Presses the element of a role and a name, as soon as it is there to be pressed.
    pub(crate) async fn press_named(&self, role: &str, name: &str) {
        self.waits_for(("pressed", role, name), async || {
            let element = self.named_element(role, name).await;
            // between the look and the press, the page may have made it anew
            element.click().await.is_ok()
        })
        .await;
    }

    /// Writes into the field of a role and a word, over what is there.
    pub(crate) async fn write(&self, role: &str, word: &str, text: &str) {
        let field = self.element(role, word).await;
        field.send_keys(Key::Control + "a").await.unwrap();
        field.send_keys(Key::Delete + "").await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Chooses an option of the list of a word.
    pub(crate) async fn choose(&self, word: &str, option: &str) {
        let list = self.element("combobox", word).await;
        let script = "const [list, wanted] = arguments; \
            const option = [...list.options].find((each) => each.text === wanted); \
            if (!option) { return false; } \
            list.value = option.value; \
            list.dispatchEvent(new Event('change', { bubbles: true })); return true;";
        self.waits_for(("chosen", word, option), async || {
            let arguments = vec![list.to_json().unwrap(), json!(option)];
            let chosen = self.driver.execute(script, arguments).await.unwrap();
            chosen.json() == true
        })
        .await;
    }
}
