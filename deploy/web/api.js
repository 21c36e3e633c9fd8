// The calls of the page, and how it tells what went wrong.

import { CallError, Session } from "/web/session.js";
import { words } from "/web/ui.js";

export const session = new Session();

const REQUESTS = "ticketing.requests.v1.PartnerRequestsService";
const AUTH = "ticketing.auth.v1.AuthService";
const call = (method) => (message, options) => session.call(method, message, options);

export const listRequests = call(`${REQUESTS}/ListPartnerRequests`);
export const countRequests = call(`${REQUESTS}/CountPartnerRequests`);
export const getRequest = call(`${REQUESTS}/GetPartnerRequest`);
export const listPartners = call("ticketing.requests.v1.PartnersService/ListPartners");
export const listSessions = call(`${AUTH}/ListSessions`);
export const revokeOwnSession = call(`${AUTH}/RevokeOwnSession`);
export const revokeAllSessions = call(`${AUTH}/RevokeAllSessions`);
export const changePassword = call(`${AUTH}/ChangePassword`);

const CHANGE = `${REQUESTS}/UpdatePartnerRequestStatus`;
const METHODS_OF_STAFF = {
  PARTNER_REQUEST_CHANGE_ASSIGN: `${REQUESTS}/AssignPartnerRequest`,
  PARTNER_REQUEST_CHANGE_CLOSE: `${REQUESTS}/ClosePartnerRequest`,
};
const ATTEMPTS = 4;
const PAUSE_MS = 500;

/**
 * Changes a request, and gives it as it is then. The call has a key, so it is sent again after a
 * lost answer, and is done once.
 */
export async function changeRequest(change, message) {
  const method = METHODS_OF_STAFF[change] ?? CHANGE;
  const sent = { ...message, idempotencyKey: randomKey() };
  if (method === CHANGE) {
    sent.change = change;
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await session.call(method, sent)).partnerRequest;
    } catch (error) {
      if (!error.mayPass || attempt === ATTEMPTS) {
        throw error;
      }
      await new Promise((done) => {
        setTimeout(done, Math.max(PAUSE_MS * attempt, error.retryAfter));
      });
    }
  }
}

function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether the user may do what a permission is for. */
export const may = (permission) => session.user?.permissions?.includes(permission) ?? false;

export const isStaff = () =>
  ["USER_TYPE_ADMIN", "USER_TYPE_OPERATION"].includes(session.user?.userType);

/** Whether nobody waits for the answer any more. */
export const isAborted = (error) => error?.name === "AbortError";

/** An error as a sentence. */
export function sentence(error) {
  if (!(error instanceof CallError)) {
    return words().errors.unknown;
  }
  const { errors, reasons } = words();
  const text = reasons[error.reason] ?? errors[error.code] ?? errors.unknown;
  return typeof text === "function" ? text(error) : text;
}

/** The field violations of an error, each as a sentence: by the field's name. */
export function violations(error) {
  const { fields } = words();
  const all = new Map();
  for (const { field, description } of error?.violations ?? []) {
    const name = field.replace(/\[\d+\]/g, "");
    const known = Object.entries(fields[name] ?? {}).find(([part]) => description.includes(part));
    all.set(name, known ? known[1] : words().fieldInvalid(description));
  }
  return all;
}

/** Calls `work` every `period` milliseconds while the page is visible; `stop` ends it. */
export function every(period, work) {
  let timer;
  let last = Date.now();
  const controller = new AbortController();
  const { signal } = controller;
  const run = async () => {
    last = Date.now();
    await work();
    schedule();
  };
  const schedule = () => {
    clearTimeout(timer);
    if (!document.hidden && !signal.aborted) {
      timer = setTimeout(run, Math.max(0, last + period - Date.now()));
    }
  };
  document.addEventListener("visibilitychange", schedule, { signal });
  schedule();
  return {
    stop() {
      controller.abort();
      clearTimeout(timer);
    },
  };
}
