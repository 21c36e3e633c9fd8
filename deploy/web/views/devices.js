// The sessions of the user, each a log-in on some device.

import { listSessions, revokeAllSessions, revokeOwnSession, sentence } from "/web/api.js";
import { alertBox, announce, bdi, button, h, number, time, words } from "/web/ui.js";

const PAGE_SIZE = 50;

export async function open() {
  const devices = new Devices();
  await devices.load();
  return devices;
}

class Devices {
  #next = "";

  constructor() {
    const text = words().devices;
    this.problem = h("div", {});
    this.list = h("ul", { class: "devices" });
    this.more = button(text.more, () => this.#try(() => this.#page()));
    this.others = button(text.endOthers, () => this.#try(() => this.#endOthers()), { class: "danger" });
    this.elements = [
      h("p", {}, text.intro), this.problem, this.list,
      h("div", { class: "buttons" }, this.more, this.others),
    ];
  }

  async load() {
    this.#next = "";
    this.list.replaceChildren();
    await this.#page();
  }

  async #page() {
    const answer = await listSessions({ pageSize: PAGE_SIZE, pageToken: this.#next });
    this.#next = answer.nextPageToken ?? "";
    this.list.append(...(answer.sessions ?? []).map((session) => this.#entry(session)));
    this.more.hidden = !this.#next;
    this.others.hidden = this.list.children.length < 2;
  }

  #entry(session) {
    const text = words().devices;
    const device = session.deviceInfo || text.unknown;
    const end = button(text.end, () => this.#try(async () => {
      await revokeOwnSession({ sessionId: session.sessionId });
      entry.remove();
      this.others.hidden = this.list.children.length < 2;
      announce(text.ended);
      this.list.querySelector("h2").focus();
    }), { "aria-label": text.endNamed(device) });
    const fact = (label, value) => h("div", {}, h("dt", {}, label), h("dd", {}, value));
    const entry = h(
      "li",
      {},
      h("h2", { tabindex: "-1" }, bdi(device, "auto")),
      session.current ? h("p", { class: "badge" }, text.current) : "",
      h("dl", {},
        fact(text.since, time(session.createTime)),
        fact(text.used, time(session.lastRefreshTime)),
        fact(text.address, session.ipAddress ? bdi(session.ipAddress, "ltr") : "–")),
      session.current ? "" : end,
    );
    return entry;
  }

  async #endOthers() {
    const { endedCount = 0 } = await revokeAllSessions({ keepCurrent: true });
    await this.load();
    announce(words().devices.othersEnded(endedCount, number(endedCount)));
    this.list.querySelector("h2").focus();
  }

  async #try(work) {
    this.problem.replaceChildren();
    try {
      await work();
    } catch (error) {
      this.problem.replaceChildren(alertBox(sentence(error)));
    }
  }
}
