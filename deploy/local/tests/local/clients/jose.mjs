// Verifies tokens by the keys that auth-service publishes, and prints what is in each, or why it is
// not taken: node jose.mjs KEYS ISSUER AUDIENCE TOKENS…

import { createRemoteJWKSet, jwtVerify } from "jose";

const [url, issuer, audience, ...tokens] = process.argv.slice(2);
const keys = createRemoteJWKSet(new URL(url));
for (const token of tokens) {
  try {
    const { payload } = await jwtVerify(token, keys, { issuer, audience, typ: "at+jwt" });
    console.log(payload.sub);
  } catch (error) {
    console.log(error.code);
  }
}
