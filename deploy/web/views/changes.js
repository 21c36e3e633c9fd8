// What the caller may do with a request.

import { changeRequest, sentence, violations } from "/web/api.js";
import { alertBox, button, field, h, tellFields, words } from "/web/ui.js";

const CONFIRM = "PARTNER_REQUEST_CHANGE_CONFIRM";
const REJECT = "PARTNER_REQUEST_CHANGE_REJECT";
const ASSIGN = "PARTNER_REQUEST_CHANGE_ASSIGN";
const PRIMARY = [
  CONFIRM, ASSIGN, "PARTNER_REQUEST_CHANGE_START", "PARTNER_REQUEST_CHANGE_COMPLETE",
  "PARTNER_REQUEST_CHANGE_CLOSE",
];
const SHORTEST_REASON = 10;

/** The buttons, and the form of a change that needs more than a press. */
export class Changes {
  #request = null;
  #permitted = "";
  #done;
  #again;
  #form = null;

  /**
   * @param {(request: object, change: string) => Promise} options.done after a change
   * @param {() => Promise} options.again where the request is another than it was
   */
  constructor({ done, again }) {
    this.#done = done;
    this.#again = again;
    this.problem = h("div", {});
    this.buttons = h("div", { class: "buttons" });
    this.place = h("div", {});
    this.element = h("section", { class: "changes", "aria-label": words().detail.actions },
      this.buttons, this.place, this.problem);
  }

  /** Shows what is permitted. A form that is being filled in stays while its change is. */
  show(request, permitted) {
    this.#request = request;
    const key = permitted.join();
    if (key === this.#permitted && this.buttons.hasChildNodes()) {
      return;
    }
    this.#permitted = key;
    if (this.#form && !permitted.includes(this.#form)) {
      this.#close();
    }
    const { changes, detail } = words();
    const make = (change) => button(changes[change], () => this.#begin(change),
      { class: PRIMARY.includes(change) ? "primary" : "" });
    const known = permitted.filter((change) => changes[change]);
    this.buttons.replaceChildren(...known.map(make));
    if (known.length === 0) {
      this.buttons.replaceChildren(h("p", { class: "more" }, detail.noActions));
    }
  }

  async #begin(change) {
    this.problem.replaceChildren();
    if (change === REJECT) {
      this.#openReject();
    } else if (change === ASSIGN) {
      await this.#openAssign();
    } else {
      await this.#change(change, {}, {});
    }
  }

  /** Makes the change. What is wrong is told beside its field, or below. */
  async #change(change, message, fields) {
    this.problem.replaceChildren();
    const { requestId, etag } = this.#request;
    try {
      const request = await changeRequest(change, { requestId, etag, ...message });
      this.#close();
      await this.#done(request, change);
    } catch (error) {
      if (tellFields(fields, violations(error))) {
        return;
      }
      this.problem.replaceChildren(alertBox(sentence(error)));
      if (["aborted", "failed_precondition", "not_found"].includes(error.code)) {
        await this.#again();
      }
    }
  }

  #close() {
    this.#form = null;
    this.place.replaceChildren();
  }

  #open(change, title, fields, submit, cancel, check) {
    this.#form = change;
    const send = button(submit, async () => {
      const message = check();
      if (message) {
        await this.#change(change, message, fields);
      }
    }, { type: "submit", class: "primary" });
    const stop = button(cancel, () => {
      this.#close();
      this.buttons.querySelector("button")?.focus();
    });
    this.place.replaceChildren(h(
      "form",
      { class: "inline", "aria-label": title, onsubmit: (event) => event.preventDefault() },
      h("h2", {}, title),
      Object.values(fields).map((each) => each.element),
      h("div", { class: "buttons" }, send, stop),
    ));
    Object.values(fields)[0].control.focus();
  }

  #openReject() {
    const text = words().reject;
    const control = h("textarea", { rows: "3", maxlength: "1000", required: true });
    const reason = field(text.reason, control, { hint: text.hint });
    this.#open(REJECT, text.title, { reason }, text.submit, text.cancel, () => {
      const given = reason.control.value.trim();
      if (Array.from(given).length < SHORTEST_REASON) {
        tellFields({ reason }, new Map([["reason", words().fields.reason["at least"]]]));
        return null;
      }
      return { reason: given };
    });
  }

  async #openAssign() {
    const text = words().assign;
    const empty = () => h("option", { value: "" }, text.choose);
    const option = ([id, label]) => h("option", { value: id }, label);
    let all;
    try {
      const { partnersWithBranches } = await import("/web/views/names.js");
      all = await partnersWithBranches();
    } catch (error) {
      this.problem.replaceChildren(alertBox(sentence(error)));
      return;
    }
    const branch = field(text.branch, h("select", { required: true }, empty()));
    const partner = field(text.partner, h("select", {
      required: true,
      onchange: ({ target }) => {
        const chosen = all.find((each) => each.partnerId === Number(target.value));
        const options = (chosen?.branches ?? []).map((each) => option([each.branchId, each.name]));
        branch.control.replaceChildren(empty(), ...options);
      },
    }, empty(), all.map((each) => option([each.partnerId, each.name]))));
    const fields = { partner_id: partner, branch_id: branch };
    this.#open(ASSIGN, text.title, fields, text.submit, text.cancel, () => {
      const missing = new Map();
      if (!partner.control.value) {
        missing.set("partner_id", text.noPartner);
      }
      if (!branch.control.value) {
        missing.set("branch_id", text.noBranch);
      }
      if (tellFields(fields, missing)) {
        return null;
      }
      return { partnerId: Number(partner.control.value), branchId: Number(branch.control.value) };
    });
  }
}
