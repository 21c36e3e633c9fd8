// One request, with what happened to it and what the caller may do.

import { every, getRequest, isStaff, sentence, session } from "/web/api.js";
import {
  alertBox, announce, bdi, clock, countDown, h, name, number, statusBadge, time, words,
} from "/web/ui.js";
import { Changes } from "/web/views/changes.js";

const PERIOD_MS = 30_000;
const LIST = "/partner/requests";
const WAITING = "PARTNER_REQUEST_STATUS_ASSIGNED";

export async function open({ parts, go }) {
  const detail = new Detail(Number(parts[0]), go);
  await detail.begin();
  return detail;
}

class Detail {
  #id;
  #at = 0;
  #left = null;
  #timers = [];
  #isClosed = false;

  constructor(id, go) {
    this.#id = id;
    this.problem = h("div", {});
    this.head = h("div", { class: "request-head" });
    this.facts = h("div", { class: "facts" });
    this.timeline = h("ol", { class: "timeline" });
    this.changes = new Changes({
      done: (request, change) => this.#done(request, change, go),
      again: () => this.#load(),
    });
    this.title = bdi("", "ltr");
    const back = sessionStorage.getItem("ticketing.list") ?? LIST;
    this.elements = [
      h("p", { class: "back" }, h("a", { href: back.startsWith(LIST) ? back : LIST }, words().detail.back)),
      this.problem, this.head, this.changes.element, this.facts,
      h("h2", {}, words().detail.timeline), this.timeline,
    ];
  }

  async begin() {
    this.#show(await getRequest({ requestId: this.#id }));
    const second = setInterval(() => {
      if (!document.hidden) {
        this.#left?.update();
      }
    }, 1_000);
    this.#timers = [every(PERIOD_MS, () => this.#load()), { stop: () => clearInterval(second) }];
  }

  close() {
    this.#isClosed = true;
    this.#timers.forEach((timer) => timer.stop());
  }

  async #load() {
    try {
      const answer = await getRequest({ requestId: this.#id });
      if (!this.#isClosed) {
        this.#show(answer);
      }
    } catch (error) {
      if (!this.#isClosed) {
        this.#fail(error);
      }
    }
  }

  #fail(error) {
    const isGone = error.reason === "PARTNER_REQUEST_NOT_FOUND";
    const why = sentence(error);
    const text = isGone ? why : words().detail.stale(clock(this.#at), why);
    if (this.problem.textContent !== text) {
      this.problem.replaceChildren(alertBox(text));
    }
    if (isGone) {
      this.changes.show(null, []);
    }
  }

  async #done(request, change, go) {
    if (change === "PARTNER_REQUEST_CHANGE_REJECT") {
      await go(sessionStorage.getItem("ticketing.list") ?? LIST);
      announce(words().rejected(request.number));
      return;
    }
    await this.#load();
    const status = request.status.replace("PARTNER_REQUEST_STATUS_", "");
    announce(words().changed(words().statuses[status]));
  }

  #show({ partnerRequest: request, timeline = [], branchContact, permittedChanges = [] }) {
    this.#at = session.now();
    this.problem.replaceChildren();
    this.title.textContent = request.number;
    const waits = request.status === WAITING && request.slaDeadline;
    this.#left = waits ? countDown(request.slaDeadline, () => session.now(), announce) : null;
    this.head.replaceChildren(statusBadge(request.status), this.#left?.element ?? "");
    this.facts.replaceChildren(...facts(request, branchContact));
    this.timeline.replaceChildren(...timeline.map(entry));
    this.changes.show(request, permittedChanges);
  }
}

function facts(request, contact) {
  const { detail } = words();
  const { customer = {} } = request;
  const position = `${customer.latitude ?? 0}, ${customer.longitude ?? 0}`;
  const phone = (text) => text
    && h("a", { href: `tel:${text.replace(/[^\d+]/g, "")}` }, bdi(text, "ltr"));
  const place = h("a", { href: `geo:${position.replace(" ", "")}` }, bdi(position, "ltr"));
  const own = (text) => text && bdi(text, "auto");
  return [
    section(detail.customer, [
      [detail.name, own(customer.name)],
      [detail.phone, phone(customer.phone)],
      [detail.address, own(customer.address)],
      [detail.position, place],
    ]),
    section(detail.work, [
      [detail.category, own(name(request.category))],
      [detail.service, own(name(request.service))],
      [detail.pickup, own(name(request.pickupOption))],
      [detail.created, time(request.createTime)],
      [detail.rating, request.rating && detail.stars(number(request.rating))],
      [detail.feedback, own(request.feedback)],
    ]),
    section(words().columns.branch, [
      [detail.partner, isStaff() && own(name(request.partner))],
      [detail.branch, own(name(request.branch))],
      [detail.branchAddress, own(contact?.address)],
      [detail.branchPhone, phone(contact?.phone)],
      [detail.deadline, request.slaDeadline && time(request.slaDeadline)],
    ]),
  ].filter(Boolean);
}

function section(title, facts) {
  const known = facts.filter(([, value]) => value);
  if (known.length === 0) {
    return null;
  }
  const list = known.flatMap(([label, value]) => [h("dt", {}, label), h("dd", {}, value)]);
  return h("section", {}, h("h2", {}, title), h("dl", {}, list));
}

function entry({ status, time: at, actor, notes }) {
  const { detail } = words();
  const who = actor?.name ? bdi(actor.name, "auto") : detail.someone;
  return h(
    "li",
    {},
    h("div", {}, statusBadge(status), " ", time(at), " ", h("span", { class: "more" }, detail.by, " ", who)),
    notes ? h("p", { class: "notes" }, h("span", { class: "more" }, `${detail.note}: `), bdi(notes, "auto")) : null,
  );
}
