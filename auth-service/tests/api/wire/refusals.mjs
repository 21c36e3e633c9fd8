// Makes a hundred calls that are refused and prints how many ended how:
// node refusals.mjs ORIGIN PATH CLIENT BYTES MILLISECONDS CONTENT_TYPE
// CLIENT is http, http2 or fetch. The message has so many bytes, and is sent so long after the head.
// Four calls are made at once, or all of them where each waits longer than a second.

import http from "node:http";
import http2 from "node:http2";
import https from "node:https";

const [origin, path, client, bytes, milliseconds, contentType] = process.argv.slice(2);
const body = Buffer.alloc(Number(bytes));
const headers = { "content-type": contentType };
const calls = 100;
const atOnce = milliseconds > 1_000 ? calls : 4;

const later = (send) => setTimeout(send, Number(milliseconds));
const ended = (status, headers) => `${status} ${headers["grpc-status"] ?? ""}`;

// keeps its connections, and lets no answer be lost without a word
const byHttp = () => {
  const { Agent, request } = origin.startsWith("https") ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const options = { agent, method: "POST", headers: { ...headers, "content-length": body.length } };
  return () => new Promise((resolve) => {
    const call = request(origin + path, options, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(ended(answer.statusCode, answer.headers)));
    });
    call.on("error", (error) => resolve(error.code));
    call.flushHeaders();
    later(() => call.end(body));
  });
};

const byHttp2 = () => {
  const session = http2.connect(origin);
  session.on("error", () => {});
  return () => new Promise((resolve) => {
    const call = session.request({ ":method": "POST", ":path": path, ...headers });
    let end = "no answer";
    call.on("response", (answer) => { end = ended(answer[":status"], answer); });
    call.on("error", (error) => { end = error.code; });
    call.on("close", () => resolve(end));
    call.resume();
    later(() => call.end(body));
  });
};

const byFetch = () => async () => {
  try {
    const answer = await fetch(origin + path, { method: "POST", headers, body });
    await answer.arrayBuffer();
    return ended(answer.status, Object.fromEntries(answer.headers));
  } catch (error) {
    return error.cause?.code ?? error.message;
  }
};

const call = { http: byHttp, http2: byHttp2, fetch: byFetch }[client]();
const tally = {};
let left = calls;
await Promise.all(Array.from({ length: atOnce }, async () => {
  while (left-- > 0) {
    const end = await call();
    tally[end] = (tally[end] ?? 0) + 1;
  }
}));
console.log(JSON.stringify(tally));
process.exit();
