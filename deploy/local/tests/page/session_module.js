// Runs session.js against services that this script plays, and gives what went wrong: an empty
// list is well.
async () => {
  const { Session } = await import("/web/session.js");
  const wrong = [];
  const check = (what, holds) => holds || wrong.push(what);
  const real = globalThis.fetch;
  let asked = [];
  const waiting = [];
  globalThis.fetch = (url, { body, headers }) => new Promise((resolve, reject) => {
    const call = {
      method: url.split("/").pop(),
      message: JSON.parse(body),
      token: headers.authorization,
      answer: (value, status = 200) => resolve(new Response(JSON.stringify(value), { status })),
      refuse: (code, reason, status = 401) => resolve(new Response(JSON.stringify({
        code, details: [{ type: "google.rpc.ErrorInfo", debug: { reason } }],
      }), { status })),
      lose: () => reject(new TypeError("lost")),
    };
    asked.push(call);
    waiting.shift()?.(call);
  });
  const nextCall = () => {
    const already = asked.find((call) => !call.taken);
    const call = already ? Promise.resolve(already) : new Promise((done) => { waiting.push(done); });
    return call.then((it) => { it.taken = true; return it; });
  };
  const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
  const tokens = (generation, minutes = 15) => ({
    accessToken: `access ${generation}`,
    accessTokenExpireTime: at(minutes),
    refreshToken: `refresh ${generation}`,
    generation,
  });
  const answer = (generation, sessionId = "one") => ({
    tokens: tokens(generation), session: { sessionId }, user: { name: "Mona" },
  });
  const stored = () => JSON.parse(localStorage.getItem("test"));
  const store = (generation, minutes, sessionId = "one") => localStorage.setItem("test", JSON.stringify({
    sessionId,
    generation,
    accessToken: `access ${generation}`,
    accessExpires: Date.parse(at(minutes)),
    refreshToken: `refresh ${generation}`,
    user: { name: "Mona" },
  }));
  const begin = (generation, minutes) => {
    asked = [];
    store(generation, minutes);
    return new Session({ key: "test" });
  };
  const outcome = (promise) => promise.then((value) => value, (error) => error);

  // a pair that another tab stored meanwhile is not written over by an older one
  let session = begin(3, -1);
  let result = session.call("a.A/List");
  let call = await nextCall();
  check("an expired pair is refreshed first", call.method === "RefreshSession");
  store(5, 15);
  call.answer(answer(4));
  call = await nextCall();
  check("the newer pair is used", call.token === "Bearer access 5" && stored().generation === 5);
  call.answer({ done: true });
  check("the call is answered", (await result).done);

  // a lost answer is asked for again, with the same token
  session = begin(3, -1);
  result = session.call("a.A/List");
  call = await nextCall();
  call.lose();
  call = await nextCall();
  check("the same token again", call.message.refreshToken === "refresh 3");
  call.answer(answer(4));
  (await nextCall()).answer({ done: true });
  check("the call is answered after a lost answer", (await result).done);
  check("the pair is stored", stored().generation === 4);

  // where another tab was faster after a lost answer, what is stored is used
  session = begin(3, -1);
  result = session.call("a.A/List");
  call = await nextCall();
  store(4, 15);
  call.lose();
  call = await nextCall();
  check("no second refresh", call.method === "List" && call.token === "Bearer access 4");
  call.answer({ done: true });
  await result;

  // a log-out during a refresh stays one
  session = begin(3, -1);
  result = outcome(session.call("a.A/List"));
  call = await nextCall();
  localStorage.removeItem("test");
  call.answer(answer(4));
  check("a log-out is not undone", (await result).code === "unauthenticated" && stored() === null);

  // a log-in of somebody else during a refresh stays, too
  session = begin(3, -1);
  result = outcome(session.call("a.A/List"));
  call = await nextCall();
  store(1, 15, "another");
  call.refuse("unauthenticated", "SESSION_ENDED");
  await result;
  check("another session is left alone", stored()?.sessionId === "another");

  // an outage is no log-out
  session = begin(3, -1);
  result = outcome(session.call("a.A/List"));
  for (let attempt = 0; attempt < 5; attempt += 1) {
    (await nextCall()).refuse("unavailable", "DATABASE_UNAVAILABLE", 503);
  }
  check("an outage is told", (await result).code === "unavailable");
  check("an outage ends nothing", stored().generation === 3 && session.ended === "");

  // while the token is valid, nobody waits for a refresh that fails
  session = begin(3, 1);
  result = session.call("a.A/List");
  (await nextCall()).refuse("internal", "INTERNAL", 500);
  call = await nextCall();
  check("the valid token is used", call.token === "Bearer access 3");
  call.answer({ done: true });
  check("the call is answered with the valid token", (await result).done);

  // the service's word about the expiry counts, whatever the clock says; once
  session = begin(3, 15);
  result = outcome(session.call("a.A/List"));
  (await nextCall()).refuse("unauthenticated", "TOKEN_EXPIRED");
  call = await nextCall();
  check("it refreshes when it is told to", call.method === "RefreshSession");
  call.answer(answer(4));
  call = await nextCall();
  check("and repeats the call", call.method === "List" && call.token === "Bearer access 4");
  call.refuse("unauthenticated", "TOKEN_EXPIRED");
  check("but once", (await result).reason === "TOKEN_EXPIRED" && stored().generation === 4);

  // two calls share one refresh
  session = begin(3, -1);
  result = Promise.all([session.call("a.A/List"), session.call("a.A/Count")]);
  (await nextCall()).answer(answer(4));
  (await nextCall()).answer({});
  (await nextCall()).answer({});
  await result;
  check("one refresh", asked.filter(({ method }) => method === "RefreshSession").length === 1);

  // the end of a session is stored with its reason, and told
  session = begin(3, -1);
  let told = 0;
  session.addEventListener("change", () => { told += 1; });
  result = outcome(session.call("a.A/List"));
  (await nextCall()).refuse("unauthenticated", "REUSE_DETECTED");
  await result;
  check("the reason is kept", session.ended === "REUSE_DETECTED" && session.user === null);
  check("it is told once", told === 1);

  localStorage.removeItem("test");
  localStorage.removeItem("test.ended");
  globalThis.fetch = real;
  return wrong;
}
