// A session of the ticketing services, kept in a browser. README.md says how to use it.
//
// All tabs of an origin share one session: the pair of tokens is in localStorage. One tab at a
// time refreshes it, and each attempt presents the pair that is stored then. So a lost answer is
// asked for again, and no tab logs another one out.

const AUTH = "ticketing.auth.v1.AuthService";
// The overlap of auth-service (AUTH_REFRESH_OVERLAP_SECONDS), unless the page names another.
const OVERLAP_MS = 60_000;
// How long one attempt may take. auth-service gives up a call in this time.
const ATTEMPT_MS = 10_000;
// How long a caller waits for a newer token while the one that it has is valid.
const PATIENCE_MS = 1_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
const ATTEMPTS = 5;
// The clocks of browser and service are taken for the same up to this difference. The service tells
// its time in whole seconds.
const SAME_CLOCK_MS = 2_000;

/** A call was refused, or there is no answer. */
export class CallError extends Error {
  constructor(code, message, details = {}) {
    super(message);
    this.name = "CallError";
    /** Connect's name of the code, such as `unavailable`. */
    this.code = code;
    /** The reason of `google.rpc.ErrorInfo`, such as `SESSION_ENDED`; empty if there is none. */
    this.reason = details.reason ?? "";
    /** The fields of `google.rpc.BadRequest`: `{ field, description }`. */
    this.violations = details.violations ?? [];
    /** How long to wait before the next attempt, in milliseconds; 0 if the service does not say. */
    this.retryAfter = details.retryAfter ?? 0;
  }

  /** Whether the same call may succeed a moment later. */
  get mayPass() {
    const passes = ["unavailable", "deadline_exceeded", "resource_exhausted"].includes(this.code);
    return passes && this.reason !== "MESSAGE_TOO_LARGE" && this.reason !== "TOO_MANY_ATTEMPTS";
  }
}

/**
 * The one session of this origin.
 *
 * It dispatches `change` when a user logs in, logs out, or is logged out: in this tab or another.
 */
export class Session extends EventTarget {
  #origin;
  #key;
  #storage;
  #locks;
  #overlap;
  #jitter = Math.random() / 2;
  #skew = 0;
  #flight = null;
  #seen;

  /**
   * @param {object} options
   * @param {string} options.origin where the services are; by default the page's own origin
   * @param {string} options.key under which the pair is stored
   * @param {number} options.overlap auth-service's overlap, in milliseconds
   */
  constructor({ origin = "", key = "ticketing.session", overlap = OVERLAP_MS } = {}) {
    super();
    this.#origin = origin;
    this.#key = key;
    this.#overlap = overlap;
    this.#storage = globalThis.localStorage;
    this.#locks = globalThis.navigator?.locks;
    this.#seen = this.#load()?.sessionId;
    globalThis.addEventListener("storage", (event) => {
      if (event.key === null || event.key === this.#key) {
        this.#tell();
      }
    });
    // a page that comes back from the browser's cache has heard of nothing meanwhile
    globalThis.addEventListener("pageshow", () => this.#tell());
  }

  /** Who is logged in, as `ticketing.auth.v1.User`, or null. */
  get user() {
    return this.#load()?.user ?? null;
  }

  /** Why nobody is logged in: a reason of auth-service, LOGGED_OUT, or empty. */
  get ended() {
    return this.#storage.getItem(`${this.#key}.ended`) ?? "";
  }

  /** The time by the services' clock, in milliseconds. */
  now() {
    return Date.now() + this.#skew;
  }

  /** Logs in, over any other session of this origin. The call is not repeated. */
  async logIn({ email, password, deviceInfo = "" }) {
    const answer = await this.#post(`${AUTH}/CreateSession`, { email, password, deviceInfo });
    const pair = pairOf(answer, answer.user);
    await this.#alone("store", () => {
      this.#storage.removeItem(`${this.#key}.ended`);
      this.#storage.setItem(this.#key, JSON.stringify(pair));
    });
    this.#tell();
    return pair.user;
  }

  /**
   * Ends the session, and removes its pair. If this throws, there was no answer, and the session
   * may still stand.
   */
  async logOut() {
    const held = this.#load();
    if (!held) {
      return;
    }
    for (let failures = 1; ; failures += 1) {
      try {
        await this.#post(`${AUTH}/RevokeSession`, { token: held.refreshToken });
        break;
      } catch (error) {
        // a token that is refused has no session
        if (error.code === "unauthenticated") {
          break;
        }
        if (!error.mayPass || failures >= ATTEMPTS) {
          throw error;
        }
        await pause(failures, error.retryAfter);
      }
    }
    await this.#forget(held, "LOGGED_OUT");
  }

  /**
   * Calls a method with the session's access token, and gives the answer's JSON.
   *
   * @param {string} method such as `ticketing.auth.v1.AuthService/ListSessions`
   */
  async call(method, message = {}, { signal } = {}) {
    let refused = "";
    for (;;) {
      const held = await this.#fresh(refused);
      try {
        return await this.#post(method, message, { token: held.accessToken, signal });
      } catch (error) {
        if (error.code !== "unauthenticated") {
          throw error;
        }
        if (isOfSession(error.reason)) {
          await this.#forget(held, error.reason);
          throw error;
        }
        // once: the token has expired, whatever the clock here says
        if (refused) {
          throw error;
        }
        refused = held.accessToken;
      }
    }
  }

  /** A pair whose access token is not the refused one and does not expire soon. */
  async #fresh(refused) {
    const held = this.#load();
    if (!held) {
      throw new CallError("unauthenticated", "nobody is logged in", { reason: this.ended });
    }
    const isRefused = held.accessToken === refused;
    if (!isRefused && this.now() < this.#due(held)) {
      return held;
    }
    this.#flight ??= this.#alone("refresh", () => this.#refresh(refused)).finally(() => {
      this.#flight = null;
    });
    if (isRefused || this.now() >= held.accessExpires) {
      return this.#flight;
    }
    const orHeld = this.#flight.catch((error) => {
      if (error.code === "unauthenticated") {
        throw error;
      }
      return held;
    });
    return Promise.race([orHeld, sleep(PATIENCE_MS).then(() => held)]);
  }

  /** Tries until there is a newer pair, from this tab or another one. */
  async #refresh(refused) {
    for (let failures = 1; ; failures += 1) {
      // read anew for each attempt, because another tab may have been faster
      const held = this.#load();
      if (!held) {
        throw new CallError("unauthenticated", "nobody is logged in", { reason: this.ended });
      }
      if (held.accessToken !== refused && this.now() < this.#due(held)) {
        return held;
      }
      try {
        const message = { refreshToken: held.refreshToken };
        const answer = await this.#post(`${AUTH}/RefreshSession`, message);
        return await this.#save(pairOf(answer, held.user));
      } catch (error) {
        if (error.code === "unauthenticated") {
          const expired = error.reason === "TOKEN_EXPIRED";
          await this.#forget(held, expired ? "SESSION_EXPIRED" : error.reason);
          throw error;
        }
        const isValid = this.now() < held.accessExpires && held.accessToken !== refused;
        if (!error.mayPass || (failures >= ATTEMPTS && !isValid)) {
          throw error;
        }
        await pause(failures, error.retryAfter);
      }
    }
  }

  /** Saves the answer to a refresh, but never over a newer pair, and not after a log-out. */
  async #save(pair) {
    return this.#alone("store", () => {
      const held = this.#load();
      if (!held) {
        throw new CallError("unauthenticated", "nobody is logged in", { reason: this.ended });
      }
      const isNewer = held.generation > pair.generation
        || (held.generation === pair.generation && held.accessExpires > pair.accessExpires);
      if (held.sessionId !== pair.sessionId || isNewer) {
        return held;
      }
      this.#storage.setItem(this.#key, JSON.stringify(pair));
      return pair;
    });
  }

  /** Removes the pair, unless the session or, for a token's reason, the pair is another by now. */
  async #forget(pair, reason) {
    await this.#alone("store", () => {
      const held = this.#load();
      const isSame = held?.sessionId === pair.sessionId
        && (isOfSession(reason) || held.refreshToken === pair.refreshToken);
      if (isSame) {
        this.#storage.setItem(`${this.#key}.ended`, reason);
        this.#storage.removeItem(this.#key);
      }
    });
    this.#tell();
  }

  /** When a refresh is due: an overlap before the token expires, and up to half of one more. */
  #due(pair) {
    return pair.accessExpires - this.#overlap * (1 + this.#jitter);
  }

  #load() {
    try {
      return JSON.parse(this.#storage.getItem(this.#key));
    } catch {
      return null;
    }
  }

  /** Runs work that only one tab does at a time, where the browser has locks. */
  #alone(what, work) {
    return this.#locks
      ? this.#locks.request(`${this.#key}.${what}`, work)
      : Promise.resolve().then(work);
  }

  #tell() {
    const sessionId = this.#load()?.sessionId;
    if (sessionId !== this.#seen) {
      this.#seen = sessionId;
      this.dispatchEvent(new Event("change"));
    }
  }

  /** One call by Connect's JSON. */
  async #post(method, message, { token, signal } = {}) {
    const headers = { "content-type": "application/json", "connect-protocol-version": "1" };
    if (token) {
      headers.authorization = `Bearer ${token}`;
    }
    const timeout = AbortSignal.timeout(ATTEMPT_MS);
    let response;
    let answer;
    try {
      response = await fetch(`${this.#origin}/${method}`, {
        method: "POST",
        headers,
        body: JSON.stringify(message),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
      });
      answer = await response.json();
    } catch (error) {
      if (signal?.aborted) {
        throw error;
      }
      throw new CallError("unavailable", "there is no answer");
    }
    const difference = Date.parse(response.headers.get("date")) - Date.now();
    this.#skew = Math.abs(difference) > SAME_CLOCK_MS ? difference : 0;
    if (!response.ok) {
      throw errorOf(answer);
    }
    return answer;
  }
}

/** Whether a reason is about the session, and not only about the token that was presented. */
function isOfSession(reason) {
  return reason.startsWith("SESSION_") || reason === "REUSE_DETECTED" || reason === "LOGGED_OUT";
}

function pairOf({ tokens, session }, user) {
  return {
    sessionId: session.sessionId,
    generation: tokens.generation,
    accessToken: tokens.accessToken,
    accessExpires: Date.parse(tokens.accessTokenExpireTime),
    refreshToken: tokens.refreshToken,
    user,
  };
}

function errorOf({ code = "unknown", message = "", details = [] }) {
  const detail = (type) => details.find((each) => each.type === `google.rpc.${type}`)?.debug;
  return new CallError(code, message, {
    reason: detail("ErrorInfo")?.reason,
    violations: detail("BadRequest")?.fieldViolations,
    retryAfter: Number.parseFloat(detail("RetryInfo")?.retryDelay ?? "0") * 1_000,
  });
}

function sleep(milliseconds) {
  return new Promise((done) => {
    setTimeout(done, milliseconds);
  });
}

/** Waits after failures: twice as long after each, and not all tabs equally long. */
function pause(failures, requested) {
  const full = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
  return sleep(Math.max((full * (1 + Math.random())) / 2, Math.min(requested, LONGEST_PAUSE_MS)));
}
