// The filters and the order of the list: in the address, in a message, and as controls.

import { isStaff, violations } from "/web/api.js";
import { field, h, tellFields, words } from "/web/ui.js";

const STATUS = "PARTNER_REQUEST_STATUS_";
// Requests of a partner have these; staff see all.
const OF_PARTNERS = ["ASSIGNED", "CONFIRMED", "IN_PROGRESS", "COMPLETED", "CLOSED"];
const OF_STAFF = ["SUBMITTED", ...OF_PARTNERS, "UNASSIGNED", "REJECTED"];
const ORDERS = {
  created: "CREATE", updated: "UPDATE", submitted: "SUBMIT", assigned: "ASSIGN", completed: "COMPLETE",
};
const TYPING_MS = 400;

/** What an address asks for. What it has no meaning for is left out. */
export function read(params) {
  const ids = (name) => params.getAll(name).map(Number)
    .filter((id) => Number.isInteger(id) && id > 0 && id < 2 ** 31);
  const day = (name) => (/^\d{4}-\d\d-\d\d$/.test(params.get(name)) ? params.get(name) : "");
  const order = params.get("order") ?? "";
  const values = {
    q: (params.get("q") ?? "").trim(),
    status: params.getAll("status").filter((each) => OF_STAFF.includes(each.toUpperCase())),
    category: ids("category"),
    branch: ids("branch"),
    partner: isStaff() ? ids("partner") : [],
    from: day("from"),
    to: day("to"),
    order: ORDERS[order.replace(/-asc$/, "")] ? order : "",
  };
  const page = Math.max(1, Number.parseInt(params.get("page"), 10) || 1);
  const token = page > 1 ? params.get("after") ?? "" : "";
  return {
    values,
    filter: filterOf(values),
    order: orderOf(values.order),
    page: token ? page : 1,
    token,
    key: write({ values }),
  };
}

function filterOf({ q, status, category, branch, partner, from, to }) {
  const time = {
    startTime: from ? new Date(`${from}T00:00:00`).toISOString() : undefined,
    // the whole day, to the microsecond
    endTime: to ? new Date(`${to}T23:59:59.999`).toISOString().replace("Z", "999Z") : undefined,
  };
  return {
    text: q,
    statuses: status.map((each) => STATUS + each.toUpperCase()),
    categoryIds: category,
    branchIds: branch,
    partnerIds: partner,
    submitTime: from || to ? time : undefined,
  };
}

function orderOf(order) {
  if (!order) {
    return undefined;
  }
  return {
    field: `PARTNER_REQUEST_ORDER_FIELD_${ORDERS[order.replace(/-asc$/, "")]}_TIME`,
    direction: order.endsWith("-asc") ? "ORDER_DIRECTION_ASCENDING" : "ORDER_DIRECTION_DESCENDING",
  };
}

/** The query of an address: the reverse of `read`. */
export function write({ values, page = 1, token = "" }) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const each of [value].flat()) {
      if (each) {
        params.append(name, each);
      }
    }
  }
  if (page > 1 && token) {
    params.set("page", page);
    params.set("after", token);
  }
  const query = params.toString();
  return query ? `?${query}` : "";
}

/** The controls. `go` is told the query that they ask for. */
export class Filters {
  #go;
  #values = null;
  #typing = 0;
  #names = null;

  constructor(go) {
    const { filters, statuses } = words();
    this.#go = go;
    const changed = (change) => (event) => this.#change(change(event.target));
    this.text = field(filters.text, h("input", {
      type: "search", maxlength: "200", oninput: () => this.#type(), onchange: () => this.#typed(),
    }), { hint: filters.textHint });
    this.order = field(filters.order, h("select", {
      onchange: changed(({ value }) => ({ order: value === "created" ? "" : value })),
    }, Object.entries(filters.orders).map(([value, label]) => h("option", { value }, label))));
    const date = (name, label) => field(label, h("input", {
      type: "date", onchange: changed(({ value }) => ({ [name]: value })),
    }));
    this.from = date("from", filters.from);
    this.to = date("to", filters.to);
    const choice = (name, label) => field(label, h("select", {
      onchange: changed(({ value }) => ({ [name]: value ? [Number(value)] : [] })),
    }, h("option", { value: "" }, filters.any)));
    this.choices = {
      ...(isStaff() ? { partner: choice("partner", filters.partner) } : {}),
      category: choice("category", filters.category),
      branch: choice("branch", filters.branch),
    };
    this.statuses = (isStaff() ? OF_STAFF : OF_PARTNERS).map((status) => {
      const box = h("input", {
        type: "checkbox", value: status.toLowerCase(), onchange: () => this.#change({
          status: this.statuses.map((each) => each.box).filter((each) => each.checked)
            .map((each) => each.value),
        }),
      });
      return { box, label: h("label", { class: "chip" }, box, statuses[status]) };
    });
    this.more = h("details", { ontoggle: () => this.#open() },
      h("summary", {}, filters.more),
      h("div", { class: "fields" },
        Object.values(this.choices).map((each) => each.element), this.from.element, this.to.element));
    this.clear = h("a", { href: "/partner/requests", hidden: true }, filters.clear);
    this.element = h("form", { role: "search", "aria-label": filters.title, class: "filters",
      onsubmit: (event) => { event.preventDefault(); this.#typed(); } },
    h("div", { class: "fields" }, this.text.element, this.order.element),
    h("fieldset", { class: "chips" }, h("legend", {}, filters.statuses),
      this.statuses.map((each) => each.label)),
    this.more, this.clear);
  }

  /** Shows what an address asks for. A text that is being typed stays. */
  show({ values, key }) {
    this.#values = values;
    clearTimeout(this.#typing);
    const { control } = this.text;
    if (control.value.trim() !== values.q) {
      control.value = values.q;
    }
    this.order.control.value = values.order || "created";
    this.from.control.value = values.from;
    this.to.control.value = values.to;
    for (const { box } of this.statuses) {
      box.checked = values.status.includes(box.value);
    }
    this.clear.hidden = key === "";
    const isMore = ["category", "branch", "partner", "from", "to"].some((name) => values[name].length);
    this.more.open ||= isMore;
    this.#choose();
  }

  /** Tells the fields what is wrong with them; gives whether something was. */
  tell(error) {
    const found = error ? violations(error) : new Map();
    const fields = { "filter.text": this.text, "filter.submit_time.end_time": this.to };
    if (!error) {
      Object.values(fields).forEach((each) => each.tell(""));
      return false;
    }
    return tellFields(fields, found);
  }

  close() {
    clearTimeout(this.#typing);
  }

  #change(values) {
    this.#go(write({ values: { ...this.#values, ...values } }));
  }

  #type() {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.#typed(), TYPING_MS);
  }

  #typed() {
    clearTimeout(this.#typing);
    const q = this.text.control.value.trim();
    if (q !== this.#values.q) {
      this.#change({ q });
    }
  }

  /** The names to choose from are asked for when somebody wants to choose. */
  async #open() {
    if (this.more.open && !this.#names) {
      this.#names = {};
      const { namesOf } = await import("/web/views/names.js");
      this.#names = await namesOf(Object.keys(this.choices));
      this.#choose();
    }
  }

  #choose() {
    for (const [name, { control }] of Object.entries(this.choices)) {
      const chosen = this.#values[name];
      const known = new Map(this.#names?.[name] ?? []);
      for (const id of chosen) {
        if (!known.has(id)) {
          known.set(id, `${id}`);
        }
      }
      const options = Array.from(known, ([id, label]) => h("option", { value: id }, label));
      control.replaceChildren(control.firstElementChild, ...options);
      control.value = chosen[0] ?? "";
    }
  }
}
