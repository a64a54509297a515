import assert from "node:assert/strict";
import type { Abra } from "../abra/abra.ts";
import { AppSecrets } from "./app_secrets.ts";

const app = { domain: "w.ci.test", stack: "w_ci_test" };
const settings = [
  "SECRET_DB_VERSION=v1 # length=32",
  "SECRET_MAIL_PASSWORD_VERSION=v2 # generate=false",
  "SECRET_UNUSED_VERSION=v1 # generate=false",
  "",
].join("\n");
const compose = `
services:
  app: { image: "x:1", secrets: [db, { source: mail-password, target: mail }] }
secrets:
  db: { external: true, name: "\${STACK_NAME}_db_\${SECRET_DB_VERSION}" }
  mail-password: { external: true, name: "\${STACK_NAME}_mail-password_\${SECRET_MAIL_PASSWORD_VERSION}" }
  unused: { external: true, name: "\${STACK_NAME}_unused_\${SECRET_UNUSED_VERSION}" }
`;

/** Makes the secrets of an app, and notes what abra is asked for. */
async function makeSecrets(declared: Record<string, { value: string }>) {
  const root = await Deno.makeTempDir();
  const calls: string[] = [];
  const abra = {
    insertSecret(domain: string, { name, version, value }: { name: string; version: string; value: string }) {
      calls.push(`insert ${domain} ${name} ${version} ${value}`);
      return Promise.resolve();
    },
    generateSecrets: () => Promise.resolve(void calls.push("generate")).then(() => ({ db: "made" })),
  } as unknown as Abra;
  const secrets = new AppSecrets({ ...app, declared });
  try {
    await Deno.writeTextFile(`${root}/compose.yml`, compose);
    const made = { root: await Deno.realPath(root), settings, log: () => {} };
    await secrets.make(abra, { ...made, added: ["SECRET_DB_VERSION"] });
    await secrets.make(abra, { ...made, added: [] }); // makes nothing a second time
  } finally {
    await Deno.remove(root, { recursive: true });
  }
  return { calls, values: secrets.values };
}

Deno.test("declared secrets are inserted before abra makes up the others, each once", async () => {
  assert.deepEqual(await makeSecrets({ "mail-password": { value: "given" }, nobodys: { value: "x" } }), {
    calls: ["insert w.ci.test mail-password v2 given", "generate"],
    values: { "mail-password": "given", db: "made" },
  });
  const all = await makeSecrets({ "mail-password": { value: "given" }, db: { value: "ours" } });
  assert.deepEqual(all.values["mail-password"], "given");
  assert.equal(all.calls[0], "insert w.ci.test db v1 ours");
});

Deno.test("a secret that cannot be made up and that nobody declares blocks, and nothing is made", async () => {
  await assert.rejects(makeSecrets({}), {
    code: "stage.blocked",
    message: 'secret "mail-password" cannot be generated: declare it in recipe.yml',
  });
});
