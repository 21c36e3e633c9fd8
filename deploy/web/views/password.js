// The change of the password.

import { changePassword, sentence, session, violations } from "/web/api.js";
import { alertBox, button, field, h, number, tellFields, words } from "/web/ui.js";

export function open() {
  const text = words().password;
  const input = (autocomplete, more) =>
    h("input", { type: "password", autocomplete, required: true, ...more });
  const current = field(text.current, input("current-password", { "data-first": true }));
  const next = field(text.next, input("new-password"), { hint: text.hint });
  const again = field(text.again, input("new-password"));
  const fields = { current_password: current, new_password: next, again };
  const told = h("div", {});
  const submit = button(text.submit, async () => {
    told.replaceChildren();
    const missing = new Map();
    if (!current.control.value) {
      missing.set("current_password", text.emptyCurrent);
    }
    if (!next.control.value) {
      missing.set("new_password", text.emptyNext);
    } else if (next.control.value !== again.control.value) {
      missing.set("again", text.different);
    }
    if (tellFields(fields, missing)) {
      return;
    }
    try {
      const { endedCount = 0 } = await changePassword({
        currentPassword: current.control.value,
        newPassword: next.control.value,
      });
      form.reset();
      const done = text.done(endedCount, number(endedCount));
      told.replaceChildren(h("p", { class: "notice", role: "status" }, done));
    } catch (error) {
      const found = violations(error);
      if (error.reason === "CURRENT_PASSWORD_WRONG") {
        found.set("current_password", sentence(error));
      }
      if (!tellFields(fields, found)) {
        told.replaceChildren(alertBox(sentence(error)));
      }
    }
  }, { type: "submit", class: "primary" });
  // by it, a password manager knows whose password this is
  const user = h("input", {
    type: "email", autocomplete: "username", value: session.user?.email, hidden: true,
  });
  const form = h("form", { novalidate: true, onsubmit: (event) => event.preventDefault() },
    told, user, current.element, next.element, again.element, submit);
  return { elements: [h("div", { class: "narrow" }, form)] };
}
