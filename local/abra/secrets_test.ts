import { deepEqual, equal, match, throws } from "node:assert/strict";
import { type App, stackName } from "./app.ts";
import { parseEnvFile } from "../../common/env_file.ts";
import { generateValue, secretsOf } from "./secrets.ts";

const compose = `
version: "3.8"
services:
  app:
    image: a:1
    secrets: [db_password, {source: token, target: t}]
secrets:
  db_password: {external: true, name: "\${STACK_NAME}_db_password_\${SECRET_DB_PASSWORD_VERSION}"}
  token: {external: true, name: "\${STACK_NAME}_token_\${SECRET_TOKEN_VERSION:-v7}"}
  unused: {external: true, name: "\${STACK_NAME}_unused_v1"}
  local: {file: ./x}
`;

function secretsWith(env: string, options: { stack?: string } = {}) {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${dir}/compose.yml`, compose);
    return secretsOf(appIn(dir, env, options.stack ?? "a_example_com"));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

function appIn(dir: string, env: string, stack: string): App {
  return {
    domain: "a.example.com",
    server: "default",
    envFile: "",
    settings: parseEnvFile(env),
    recipe: { name: "r", dir },
    version: undefined,
    stack,
  };
}

Deno.test("secrets are the external ones that a service uses, with their modifiers", () => {
  const secrets = secretsWith(
    "SECRET_DB_PASSWORD_VERSION=v2 # length=32 charset=hex\nSECRET_TOKEN_VERSION=v7 # generate=false\n",
  );
  deepEqual(secrets, [
    {
      name: "db_password",
      version: "v2",
      remoteName: "a_example_com_db_password_v2",
      length: 32,
      charset: "hex",
      generate: true,
    },
    {
      name: "token",
      version: "v7",
      remoteName: "a_example_com_token_v7",
      length: undefined,
      charset: undefined,
      generate: false,
    },
  ]);
});

Deno.test("a secret without version and one with too long a name are refused", () => {
  throws(() => secretsWith(""), {
    message: "missing version for secret? (a_example_com_db_password_)",
  });
  const long = () => secretsWith("SECRET_DB_PASSWORD_VERSION=v1\n", { stack: "x".repeat(50) });
  throws(long, { message: /db_password is > 64 chars when combined with/ });
});

Deno.test("length and charset are obeyed, and without a length there are words", () => {
  match(generateValue({ length: 64, charset: "hex" }), /^[0-9a-f]{64}$/);
  match(generateValue({ length: 20, charset: "nonsense" }), /^[0-9a-zA-Z]{20}$/);
  match(generateValue({ length: undefined, charset: undefined }), /^([a-z]{6}-){2}[a-z]{6}$/);
  equal(
    new Set(Array.from({ length: 50 }, () => generateValue({ length: 12, charset: undefined }))).size,
    50,
  );
});

Deno.test("a stack name is the domain with underscores, cut at 45 characters", () => {
  equal(stackName("cust-1a2b3c.ci.localhost"), "cust-1a2b3c_ci_localhost");
  equal(stackName(`${"a".repeat(44)}.${"b".repeat(9)}`), `${"a".repeat(44)}_`);
});
