// The page: which view an address shows, the head of the page, and who is logged in.

import { may, sentence, session } from "/web/api.js";
import { alertBox, announce, bdi, button, chooseLanguage, h, loadWords, words } from "/web/ui.js";

const START = "/partner/requests";
const LOG_IN = "/partner/log-in";

// By address: the view's module, and its title. A view that is `open` needs no log-in.
const VIEWS = [
  [/^\/partner\/log-in$/, "log-in", "logIn", { open: true }],
  [/^\/partner\/requests$/, "list", "requests", { menu: "requests" }],
  [/^\/partner\/requests\/(\d{1,9})$/, "detail", "request", {}],
  [/^\/partner\/partners$/, "partners", "partners", { menu: "partners", permission: "partner_manage" }],
  [/^\/partner\/devices$/, "devices", "devices", { menu: "devices" }],
  [/^\/partner\/password$/, "password", "password", { menu: "password" }],
];

let shown = null;
let turn = 0;

/** The address that is shown, without its origin. */
const here = () => location.pathname + location.search;

/** Where to go after the log-in: a view of this page, and nothing else. */
function wanted() {
  const next = new URLSearchParams(location.search).get("next") ?? "";
  return /^\/partner\/[a-z]/.test(next) && !next.startsWith(LOG_IN) ? next : START;
}

/** Goes to an address of this page. */
function go(address, { replace = false } = {}) {
  if (address !== here()) {
    history[replace ? "replaceState" : "pushState"](null, "", address);
  }
  return show();
}

/** Shows the view of the address. The view that is shown already may take it as it is. */
async function show() {
  const found = VIEWS.find(([pattern]) => pattern.test(location.pathname));
  const isOpen = found?.[3].open ?? false;
  if (!session.user && !isOpen) {
    return go(`${LOG_IN}?${new URLSearchParams({ next: here() })}`, { replace: true });
  }
  if (session.user && isOpen) {
    return go(wanted(), { replace: true });
  }
  if (shown && shown.path === location.pathname && shown.view.follow) {
    return shown.view.follow(new URL(location.href));
  }
  turn += 1;
  const mine = turn;
  shown?.view.close?.();
  shown = null;
  const main = h("main", { id: "main", tabindex: "-1" });
  page(main, found);
  if (!found) {
    const link = h("a", { href: START }, words().titles.requests);
    return fill(main, words().titles.notFound, h("p", {}, words().notFound), h("p", {}, link));
  }
  const [pattern, module, title, { permission }] = found;
  if (permission && !may(permission)) {
    return fill(main, words().titles[title], alertBox(words().reasons.PERMISSION_MISSING));
  }
  main.append(h("p", { class: "loading" }, words().loading));
  try {
    const { open } = await import(`/web/views/${module}.js`);
    const parts = location.pathname.match(pattern).slice(1);
    const view = await open({ url: new URL(location.href), parts, go, wanted });
    if (mine !== turn) {
      view.close?.();
      return undefined;
    }
    shown = { path: location.pathname, view };
    return fill(main, view.title ?? words().titles[title], ...view.elements);
  } catch (error) {
    if (mine !== turn) {
      return undefined;
    }
    const again = button(words().tryAgain, show);
    return fill(main, words().titles[title], alertBox(sentence(error)), again);
  }
}

function fill(main, title, ...elements) {
  const heading = h("h1", { tabindex: "-1" }, title);
  main.replaceChildren(heading, ...elements);
  const name = heading.textContent;
  document.title = `${name} – ${words().product}`;
  // where a view has a field to begin with, it is that
  (main.querySelector("[data-first]") ?? heading).focus({ preventScroll: true });
}

/** The head of the page around a view. */
function page(main, found) {
  const { menu, otherLanguage } = words();
  const { user } = session;
  const entry = (name) => h("li", {}, h("a", {
    href: `/partner/${name}`,
    "aria-current": found?.[3].menu === name ? "page" : null,
  }, menu[name]));
  const turnLanguage = button(otherLanguage.name, async () => {
    chooseLanguage(otherLanguage.tag);
    await loadWords();
    shown?.view.close?.();
    shown = null;
    await show();
  }, { lang: otherLanguage.tag, class: "quiet" });
  const logOut = button(words().logOut, async () => {
    try {
      await session.logOut();
    } catch (error) {
      main.prepend(alertBox(sentence(error)));
    }
  }, { class: "quiet" });
  const entries = ["requests", may("partner_manage") && "partners", "devices", "password"];
  const head = h(
    "header",
    {},
    h("a", { class: "skip", href: "#main" }, words().skip),
    h("p", { class: "product" }, words().product),
    user && h("nav", { "aria-label": words().navigation },
      h("ul", {}, entries.filter(Boolean).map(entry))),
    h("div", { class: "account", role: "group", "aria-label": words().account },
      user && bdi(user.name), turnLanguage, user && logOut),
  );
  document.body.replaceChildren(head, main, h("div", { id: "announcements", role: "status" }));
}

/** Links to views of this page are followed without loading it anew. */
function followLinks(event) {
  const link = event.target.closest?.("a[href]");
  const isPlain = event.button === 0
    && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (!link || !isPlain || event.defaultPrevented) {
    return;
  }
  const address = link.getAttribute("href");
  if (address.startsWith("/partner/")) {
    event.preventDefault();
    go(address);
  } else if (address === "#main") {
    event.preventDefault();
    document.getElementById("main").focus();
  }
}

/** Somebody logged in or out, here or in another tab. */
async function followSession() {
  // what is shown belongs to whoever was logged in
  shown?.view.close?.();
  shown = null;
  if (session.user) {
    await go(wanted(), { replace: true });
  } else if (location.pathname !== LOG_IN) {
    // who logged out of their own accord does not want to come back to a page of before
    const next = session.ended === "LOGGED_OUT" ? START : here();
    await go(`${LOG_IN}?${new URLSearchParams({ next })}`, { replace: true });
  }
}

await loadWords();
addEventListener("popstate", show);
document.addEventListener("click", followLinks);
session.addEventListener("change", followSession);
await show();
announce("");
