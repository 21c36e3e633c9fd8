// The partners of the platform, for its staff.

import { isAborted, listPartners, sentence } from "/web/api.js";
import { alertBox, bdi, button, decimal, field, h, number, words } from "/web/ui.js";

const PAGE_SIZE = 12;
const TYPING_MS = 400;
const BY_NAME = { field: "PARTNER_ORDER_FIELD_NAME", direction: "ORDER_DIRECTION_ASCENDING" };

export async function open({ url, go }) {
  const partners = new Partners(go);
  await partners.follow(url);
  return partners;
}

class Partners {
  #go;
  #abort = new AbortController();
  #typing = 0;
  #asked = { q: "", tokens: [] };
  #next = "";

  constructor(go) {
    const { list, partners } = words();
    this.#go = go;
    this.search = field(partners.search, h("input", {
      type: "search", maxlength: "200", oninput: () => this.#type(),
    }));
    const form = h("form", { role: "search", "aria-label": words().filters.title, class: "filters",
      onsubmit: (event) => { event.preventDefault(); this.#typed(); } }, this.search.element);
    this.columns = ["name", "status", "contact", "branches", "categories", "requests", "completed", "rating"];
    const head = this.columns.map((column) =>
      h("th", { scope: "col", role: "columnheader" }, partners[column]));
    this.body = h("tbody", { role: "rowgroup" });
    this.table = h("table", { role: "table", class: "cards", "aria-label": partners.caption },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)), this.body);
    this.problem = h("div", {});
    this.none = h("p", { class: "none", hidden: true }, partners.none);
    this.previous = button(list.previous, () => this.#turn(this.#asked.tokens.slice(0, -1)));
    this.next = button(list.next, () => this.#turn([...this.#asked.tokens, this.#next]));
    this.position = h("span", { class: "position" });
    const pager = h("nav", { class: "pager", "aria-label": list.pages },
      this.previous, this.position, this.next);
    this.elements = [form, this.problem, this.table, this.none, pager];
  }

  close() {
    clearTimeout(this.#typing);
    this.#abort.abort();
  }

  /** Shows what the address asks for: a name, and where this page and those before it begin. */
  async follow(url) {
    this.#asked = { q: url.searchParams.get("q") ?? "", tokens: url.searchParams.getAll("after") };
    const { q, tokens } = this.#asked;
    if (this.search.control.value.trim() !== q) {
      this.search.control.value = q;
    }
    this.#abort.abort();
    this.#abort = new AbortController();
    try {
      const answer = await listPartners({
        filter: { name: q },
        order: BY_NAME,
        pageSize: PAGE_SIZE,
        pageToken: tokens.at(-1) ?? "",
        includeTotalSize: true,
        includeCounts: true,
      }, { signal: this.#abort.signal });
      this.problem.replaceChildren();
      this.#show(answer);
    } catch (error) {
      if (!isAborted(error)) {
        this.problem.replaceChildren(alertBox(sentence(error)));
      }
    }
  }

  #show({ partners = [], nextPageToken = "", totalSize = "0" }) {
    this.#next = nextPageToken;
    this.body.replaceChildren(...partners.map((partner) => this.#row(partner)));
    this.table.hidden = partners.length === 0;
    this.none.hidden = partners.length > 0;
    this.previous.disabled = this.#asked.tokens.length === 0;
    this.next.disabled = !nextPageToken;
    const page = words().list.page(number(this.#asked.tokens.length + 1));
    this.position.textContent = `${page} · ${number(Number(totalSize))}`;
  }

  #row(partner) {
    const text = words().partners;
    const { counts = {} } = partner;
    const status = partner.status?.replace("PARTNER_STATUS_", "") ?? "UNSPECIFIED";
    const count = (value) => number(Number(value ?? 0));
    const cells = {
      name: h("a", { href: `/partner/requests?partner=${partner.partnerId}` }, bdi(partner.name, "auto")),
      status: h("span", { class: "badge", "data-status": status.toLowerCase() }, text.statuses[status]),
      contact: bdi(partner.contactPhone ?? partner.contactEmail ?? "–", "ltr"),
      branches: count(counts.branches),
      categories: count(counts.categories),
      requests: count(counts.requests),
      completed: count(counts.completedRequests),
      rating: counts.meanRating ? decimal(counts.meanRating) : text.unrated,
    };
    return h("tr", { role: "row" }, this.columns.map((column) =>
      h("td", { role: "cell", "data-label": text[column], "data-column": column }, cells[column])));
  }

  #turn(tokens) {
    scrollTo({ top: 0 });
    return this.#ask(this.#asked.q, tokens);
  }

  #ask(q, tokens) {
    const params = new URLSearchParams(tokens.map((token) => ["after", token]));
    if (q) {
      params.set("q", q);
    }
    const query = params.toString();
    return this.#go(`/partner/partners${query && "?"}${query}`);
  }

  #type() {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.#typed(), TYPING_MS);
  }

  #typed() {
    clearTimeout(this.#typing);
    const q = this.search.control.value.trim();
    if (q !== this.#asked.q) {
      this.#ask(q, []);
    }
  }
}
