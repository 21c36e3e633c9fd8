// What all views use: elements, words, numbers and times in the user's language.

const LANGUAGE = "ticketing.language";
const WARNINGS = [[5 * 60_000, "urgent"], [10 * 60_000, "soon"]];

let current = null;
let locale = "en";

/** The words of the page in the language that is chosen. */
export const words = () => current;

/** The language: what the user chose here, or what the browser prefers. */
export function language() {
  const chosen = localStorage.getItem(LANGUAGE);
  if (chosen === "en" || chosen === "ar") {
    return chosen;
  }
  return navigator.languages.find((tag) => /^(ar|en)\b/.test(tag))?.startsWith("ar") ? "ar" : "en";
}

/** Chooses a language, for later visits too. */
export function chooseLanguage(name) {
  localStorage.setItem(LANGUAGE, name);
}

/** Loads the words, and turns the page to their direction. */
export async function loadWords() {
  const name = language();
  current = (await import(`/web/words/${name}.js`)).default;
  const own = navigator.languages.find((tag) => tag.startsWith(`${name}-`)) ?? current.locale;
  // the calendar of the services' dates, and the digits of the language
  locale = new Intl.Locale(own, { calendar: "gregory", numberingSystem: current.digits }).toString();
  document.documentElement.lang = name;
  document.documentElement.dir = current.direction;
}

/** An element. Properties that begin with `on` are listeners; texts are never read as HTML. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** A text that has a direction of its own, such as a name or a telephone number. */
export const bdi = (text, direction) => h("bdi", { dir: direction }, text ?? "");

export const number = (value) => new Intl.NumberFormat(locale).format(value);

export const decimal = (value) =>
  new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(value);

/** A time of the services, as the user writes it. */
export function time(text) {
  if (!text) {
    return h("span", {}, "–");
  }
  const written = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  return h("time", { datetime: text }, written.format(new Date(text)));
}

export const clock = (milliseconds) =>
  new Intl.DateTimeFormat(locale, { timeStyle: "medium" }).format(milliseconds);

/** A name by language; the Arabic one is not always known. */
export function name(reference) {
  const arabic = current.direction === "rtl" ? reference?.nameAr : "";
  return arabic || reference?.name || "";
}

/** How long is left of an SLA: `over`, `urgent` below five minutes, `soon` below ten, or `ample`. */
export function stage(left) {
  if (left <= 0) {
    return "over";
  }
  return WARNINGS.find(([limit]) => left <= limit)?.[1] ?? "ample";
}

/** A time that is left, such as 2:05:09. */
export function duration(left) {
  const seconds = Math.max(0, Math.ceil(left / 1_000));
  const two = new Intl.NumberFormat(locale, { minimumIntegerDigits: 2 });
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const rest = `${two.format(minutes)}:${two.format(seconds % 60)}`;
  return hours ? `${number(hours)}:${rest}` : rest;
}

/**
 * A count-down to a time of the services. `update` writes what is left; `warn` is told a sentence
 * when ten and when five minutes are left.
 */
export function countDown(deadline, now, warn) {
  const end = Date.parse(deadline);
  const text = h("span", { class: "left" });
  let last = stage(end - now());
  const update = () => {
    const left = end - now();
    const { sla } = current;
    const reached = stage(left);
    text.className = `left ${reached}`;
    text.textContent = reached === "over" ? sla.over : sla[reached](duration(left));
    if (reached !== last) {
      last = reached;
      warn(sla.reached[reached]);
    }
  };
  update();
  return { element: text, update };
}

/** The status of a request. */
export function statusBadge(status = "PARTNER_REQUEST_STATUS_UNSPECIFIED") {
  const short = status.replace("PARTNER_REQUEST_STATUS_", "");
  return h("span", { class: "badge", "data-status": short.toLowerCase() }, current.statuses[short]);
}

const untold = [];

/** Tells a sentence to whoever does not see the page change, with others of the same moment. */
export function announce(text) {
  untold.push(text);
  if (untold.length === 1) {
    queueMicrotask(() => {
      document.getElementById("announcements").textContent = untold.splice(0).join(" ");
    });
  }
}

/** A sentence about something that went wrong. */
export const alertBox = (text) => h("p", { class: "alert", role: "alert" }, text);

let ids = 0;

/** A labelled control, with its hint and a place for what is wrong with it. */
export function field(label, control, { hint = "" } = {}) {
  ids += 1;
  const id = `field-${ids}`;
  control.id = id;
  const error = h("p", { class: "error", id: `${id}-error` });
  const about = hint ? h("p", { class: "hint", id: `${id}-hint` }, hint) : null;
  const describe = () => {
    const described = [about?.id, error.textContent && error.id].filter(Boolean).join(" ");
    control.toggleAttribute("aria-describedby", false);
    if (described) {
      control.setAttribute("aria-describedby", described);
    }
    control.setAttribute("aria-invalid", String(error.textContent !== ""));
  };
  describe();
  const element = h("div", { class: "field" }, h("label", { for: id }, label), control, about, error);
  return {
    element,
    control,
    /** Tells what is wrong; an empty text takes it back. */
    tell(text = "") {
      error.textContent = text;
      describe();
    },
  };
}

/** Tells each field its violation, focuses the first, and gives whether there was one. */
export function tellFields(all, found) {
  let first = null;
  for (const [name, each] of Object.entries(all)) {
    const text = found.get(name) ?? "";
    each.tell(text);
    first ??= text ? each.control : null;
  }
  first?.focus();
  return first !== null;
}

/** A button. While its work runs, it cannot be pressed again. */
export function button(label, work, properties = {}) {
  const element = h("button", { type: "button", ...properties }, label);
  element.addEventListener("click", async () => {
    if (element.getAttribute("aria-disabled") === "true") {
      return;
    }
    element.setAttribute("aria-disabled", "true");
    try {
      await work();
    } finally {
      element.removeAttribute("aria-disabled");
    }
  });
  return element;
}
