// The list of requests. Filter, order and page stand in the address.

import { countRequests, every, isAborted, isStaff, listRequests, sentence, session } from "/web/api.js";
import {
  alertBox, announce, bdi, button, clock, countDown, h, name, number, statusBadge, time, words,
} from "/web/ui.js";
import { Filters, read, write } from "/web/views/filters.js";

const PAGE_SIZE = 20;
const MOST_AT_ONCE = 100;
const PERIOD_MS = 30_000;
const WAITING = "PARTNER_REQUEST_STATUS_ASSIGNED";
const TRAIL = "ticketing.pages";

/** Where the list was left, for the way back from a request. */
export const LAST = "ticketing.list";

/** Where each page of a list begins, as far as this tab has seen it. */
const trail = {
  read(key) {
    const { key: of, tokens } = JSON.parse(sessionStorage.getItem(TRAIL)) ?? {};
    return of === key ? tokens : {};
  },
  write(key, page, token) {
    const tokens = { ...this.read(key), [page]: token };
    sessionStorage.setItem(TRAIL, JSON.stringify({ key, tokens }));
  },
};

export async function open({ url, go }) {
  const list = new List(go);
  await list.begin(url);
  return list;
}

class List {
  #go;
  #asked = null;
  #answer = null;
  #total = null;
  #at = 0;
  #abort = new AbortController();
  #rows = new Map();
  #timers = [];
  #filters;

  constructor(go) {
    const { columns, list } = words();
    this.#go = go;
    this.waiting = h("a", { class: "waiting", href: `/partner/requests?status=assigned` });
    this.#filters = new Filters((query) => go(`/partner/requests${query}`));
    const shown = ["number", "status", "customer", "category", "branch", "created", "left"];
    this.columns = isStaff() ? shown.toSpliced(4, 0, "partner") : shown;
    const head = this.columns.map((column) =>
      h("th", { scope: "col", role: "columnheader" }, columns[column]));
    this.body = h("tbody", { role: "rowgroup" });
    this.table = h("table", { role: "table", class: "cards", "aria-label": list.caption, hidden: true },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)), this.body);
    this.none = h("p", { class: "none", hidden: true }, list.none);
    this.previous = button(list.previous, () => this.#turnBack());
    this.next = button(list.next, () => this.#turn(this.#asked.page + 1, this.#answer.nextPageToken));
    this.position = h("span", { class: "position" });
    this.problem = h("div", {});
    this.state = h("p", { class: "updated" });
    this.pager = h("nav", { class: "pager", "aria-label": list.pages },
      this.previous, this.position, this.next);
    this.elements = [
      this.waiting, this.#filters.element, this.problem, this.table, this.none, this.pager, this.state,
    ];
  }

  async begin(url) {
    await this.follow(url);
    const second = setInterval(() => {
      if (!document.hidden) {
        this.#rows.forEach((row) => row.left?.update());
      }
    }, 1_000);
    this.#timers = [every(PERIOD_MS, () => this.#load()), { stop: () => clearInterval(second) }];
  }

  close() {
    this.#abort.abort();
    this.#timers.forEach((timer) => timer.stop());
    this.#filters.close();
  }

  /** Shows what the address asks for. */
  async follow(url) {
    const asked = read(url.searchParams);
    const isOther = asked.key !== this.#asked?.key;
    this.#asked = asked;
    this.#filters.show(asked);
    sessionStorage.setItem(LAST, url.pathname + url.search);
    if (isOther) {
      this.#total = null;
    }
    await this.#load();
  }

  /** Asks for what the address asks for. How many there are is counted once, since it takes time. */
  async #load() {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const asked = this.#asked;
    try {
      const [answer, count] = await Promise.all([
        listRequests({
          filter: asked.filter,
          order: asked.order,
          pageSize: PAGE_SIZE,
          pageToken: asked.token,
          includeTotalSize: this.#total === null,
        }, { signal }),
        countRequests({ filter: { statuses: [WAITING] } }, { signal }),
      ]);
      this.#answer = answer;
      this.#total = answer.totalSize ?? this.#total;
      this.#at = session.now();
      this.problem.replaceChildren();
      this.#filters.tell(null);
      trail.write(asked.key, asked.page, asked.token);
      this.#show(Number(count.totalSize ?? 0));
    } catch (error) {
      if (isAborted(error)) {
        return;
      }
      await this.#fail(error);
    }
  }

  async #fail(error) {
    if (error.reason === "PAGE_TOKEN_INVALID" && this.#asked.token) {
      announce(words().list.pageLost);
      await this.#go(`/partner/requests${write({ ...this.#asked, page: 1, token: "" })}`, { replace: true });
      return;
    }
    const isTold = this.#filters.tell(error);
    const why = sentence(error);
    const text = this.#answer && !isTold ? words().list.stale(clock(this.#at), why) : why;
    // the same sentence again would be read aloud again
    if (this.problem.textContent !== text) {
      this.problem.replaceChildren(alertBox(text));
    }
    this.state.textContent = "";
    this.pager.hidden = !this.#answer;
  }

  #show(waiting) {
    const { list } = words();
    const { page } = this.#asked;
    this.waiting.textContent = list.waiting(waiting, number(waiting));
    const requests = this.#answer.partnerRequests ?? [];
    this.#showRows(requests);
    this.none.hidden = requests.length > 0;
    this.table.hidden = requests.length === 0;
    const total = Number(this.#total ?? 0);
    this.position.textContent = `${list.page(number(page))} · ${list.total(total, number(total))}`;
    this.pager.hidden = false;
    this.previous.disabled = page === 1;
    this.next.disabled = !this.#answer.nextPageToken;
    this.state.textContent = list.updated(clock(this.#at));
  }

  /** Rows that stay are kept, so that focus and selection are. */
  #showRows(requests) {
    const focused = document.activeElement;
    const rows = new Map();
    for (const request of requests) {
      const known = this.#rows.get(request.requestId);
      rows.set(request.requestId, known?.etag === request.etag ? known : this.#row(request, known));
    }
    this.#rows = rows;
    const wanted = Array.from(rows.values(), (row) => row.element);
    const isSame = wanted.length === this.body.children.length
      && wanted.every((element, position) => element === this.body.children[position]);
    if (!isSame) {
      this.body.replaceChildren(...wanted);
      if (focused !== document.activeElement && focused.isConnected) {
        focused.focus({ preventScroll: true });
      }
    }
  }

  /** A row for a request; the element of before gets new cells. */
  #row(request, known) {
    const { columns } = words();
    const waits = request.status === WAITING && request.slaDeadline;
    const left = waits
      ? countDown(request.slaDeadline, () => session.now(), (text) => announce(`${request.number}: ${text}`))
      : null;
    const cells = {
      number: () => h("a", { href: `/partner/requests/${request.requestId}` }, bdi(request.number, "ltr")),
      status: () => statusBadge(request.status),
      customer: () => [
        bdi(request.customer?.name, "auto"), h("br"),
        h("span", { class: "more" }, bdi(request.customer?.phone, "ltr")),
      ],
      category: () => [
        bdi(name(request.category), "auto"), h("br"),
        h("span", { class: "more" }, bdi(name(request.service), "auto")),
      ],
      partner: () => bdi(name(request.partner) || "–", "auto"),
      branch: () => bdi(name(request.branch) || "–", "auto"),
      created: () => time(request.createTime),
      left: () => left?.element ?? "",
    };
    const made = this.columns.map((column) =>
      h("td", { role: "cell", "data-label": columns[column], "data-column": column }, cells[column]()));
    const element = known?.element ?? h("tr", { role: "row" });
    const hadFocus = element.contains(document.activeElement);
    element.replaceChildren(...made);
    if (hadFocus) {
      element.querySelector("a").focus({ preventScroll: true });
    }
    return { etag: request.etag, element, left };
  }

  #turn(page, token) {
    scrollTo({ top: 0 });
    return this.#go(`/partner/requests${write({ ...this.#asked, page, token })}`);
  }

  /** The page before: where it began, as this tab remembers it, or counted anew from the first. */
  async #turnBack() {
    const page = this.#asked.page - 1;
    const known = trail.read(this.#asked.key);
    try {
      const token = page === 1 ? "" : known[page] ?? await this.#beginningOf(page);
      await this.#turn(page, token);
    } catch (error) {
      await this.#fail(error);
    }
  }

  async #beginningOf(page) {
    const { filter, order } = this.#asked;
    let token = "";
    for (let left = (page - 1) * PAGE_SIZE; left > 0; left -= MOST_AT_ONCE) {
      const pageSize = Math.min(left, MOST_AT_ONCE);
      const answer = await listRequests({ filter, order, pageSize, pageToken: token });
      token = answer.nextPageToken ?? "";
      if (!token) {
        break;
      }
    }
    return token;
  }
}
