// The log-in.

import { sentence, session, violations } from "/web/api.js";
import { alertBox, button, field, h, tellFields, words } from "/web/ui.js";

/** A name for the session, by which the user knows it among others: "Chromium on Linux". */
function deviceInfo() {
  const data = navigator.userAgentData;
  const brand = data?.brands?.find((each) => !/not.?a.?brand/i.test(each.brand))?.brand;
  return brand && data.platform ? `${brand} (${data.platform})` : "";
}

export function open() {
  const text = words().logIn;
  const email = field(text.email, h("input", {
    type: "email", name: "email", autocomplete: "username", required: true, "data-first": true,
  }));
  const password = field(text.password, h("input", {
    type: "password", name: "password", autocomplete: "current-password", required: true,
  }));
  const fields = { email, password };
  const problem = h("div", {});
  const submit = button(text.submit, async () => {
    problem.replaceChildren();
    const missing = new Map();
    if (!email.control.value.trim()) {
      missing.set("email", text.emptyEmail);
    }
    if (!password.control.value) {
      missing.set("password", text.emptyPassword);
    }
    if (tellFields(fields, missing)) {
      return;
    }
    try {
      await session.logIn({
        email: email.control.value.trim(),
        password: password.control.value,
        deviceInfo: deviceInfo(),
      });
    } catch (error) {
      if (!tellFields(fields, violations(error))) {
        problem.replaceChildren(alertBox(sentence(error)));
        password.control.focus();
      }
    }
  }, { type: "submit", class: "primary" });
  const form = h("form", { novalidate: true, onsubmit: (event) => event.preventDefault() },
    problem, email.element, password.element, submit);
  const { ended } = session;
  const reason = ended && (words().ended[ended] ?? words().ended.other);
  const notice = reason ? h("p", { class: "notice", role: "status" }, reason) : null;
  return { elements: [h("div", { class: "narrow" }, notice ?? "", form)] };
}
