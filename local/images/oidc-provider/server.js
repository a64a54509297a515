// A provider of log-ins by OpenID Connect. Anybody can log in by any name and password, so it is for tests alone.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const { ISSUER, PORT, REGISTRATION_TOKEN_FILE } = process.env;
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

const provider = new Provider(ISSUER, {
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "one" }] },
  cookies: { keys: [randomUUID()] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
  features: {
    devInteractions: { enabled: true },
    registration: {
      enabled: true,
      initialAccessToken: readFileSync(REGISTRATION_TOKEN_FILE, "utf8").trim(),
    },
    registrationManagement: { enabled: true },
  },
  pkce: { required: () => false },
  findAccount: (_context, name) => ({
    accountId: name,
    claims: () => ({
      sub: name,
      name,
      preferred_username: name,
      email: `${name}@example.org`,
      email_verified: true,
    }),
  }),
});
provider.proxy = true; // what the reverse proxy says of the visitor is true
const server = provider.listen(Number(PORT));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
