// Logs in, lists requests, logs out and is refused, by a client of Connect. Prints what it was told:
// node connect.mjs CLIENT FORMAT DESCRIPTORS AUTH REQUESTS EMAIL PASSWORD
// CLIENT is node-1.1, node-2 or web. FORMAT is json or binary. DESCRIPTORS is a file. AUTH and
// REQUESTS are origins.

import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import * as node from "@connectrpc/connect-node";
import * as web from "@connectrpc/connect-web";

const [client, format, descriptors, auth, requests, email, password] = process.argv.slice(2);
const types = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptors)));

const connect = (origin, service) => {
  const options = { baseUrl: origin, useBinaryFormat: format === "binary", defaultTimeoutMs: 60_000 };
  const [program, httpVersion] = client.split("-");
  const transport = program === "web"
    ? web.createConnectTransport(options)
    : node.createConnectTransport({ ...options, httpVersion });
  return createClient(types.getService(service), transport);
};
const sessions = connect(auth, "ticketing.auth.v1.AuthService");
const partnerRequests = connect(requests, "ticketing.requests.v1.PartnerRequestsService");

// The code of a refusal, and the details that the client decodes.
const refusal = async (call) => {
  try {
    return await call;
  } catch (thrown) {
    const error = ConnectError.from(thrown);
    const [info] = error.findDetails(types.getMessage("google.rpc.ErrorInfo"));
    const [fields] = error.findDetails(types.getMessage("google.rpc.BadRequest"));
    return [
      Code[error.code],
      info?.reason,
      info?.domain,
      ...(fields?.fieldViolations ?? []).map((violation) => violation.field),
    ];
  }
};

const { tokens, user } = await sessions.createSession({ email, password });
const token = tokens.accessToken;
const withToken = { headers: { authorization: `Bearer ${token}` } };
const list = (request) => partnerRequests.listPartnerRequests(request, withToken);

const pages = [await list({ pageSize: 2, includeTotalSize: true })];
const pageToken = pages[0].nextPageToken;
if (pageToken) {
  pages.push(await list({ pageSize: 2, pageToken }));
}
const written = (page) => toJson(types.getMessage(page.$typeName), page, { registry: types });
const refused = {
  wrongPassword: await refusal(sessions.createSession({ email, password: "wrong" })),
  noToken: await refusal(partnerRequests.listPartnerRequests({})),
  wrongField: await refusal(list({ pageSize: -1 })),
};
await sessions.revokeSession({ token });
refused.loggedOut = await refusal(list({}));

console.log(JSON.stringify({
  email: user.email,
  total: String(pages[0].totalSize),
  requests: pages.flatMap((page) => written(page).partnerRequests),
  refused,
}));
process.exit();
