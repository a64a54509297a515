import assert from "node:assert/strict";
import { join } from "node:path";
import { customisationsOf } from "./customised.ts";
import { defaultEnrolment, parseEnrolment } from "./enrolment.ts";

Deno.test("what recipe.yml changes is told key by key, and no secret with it", async () => {
  const said = parseEnrolment(
    `
repo: a/wiki
public: true
health: { path: /login, status: [200, 302] }
extra_domains: [files]
page: { ready: main }
ready: [{ path: /ping, domain: files }, { service: app, tcp: 64738, stable: 5 }]
grace: { db: 600 }
base: { repair: [{ service: db, image: "db:2", versions: <1.2.0 }] }
after_deploy: [create_admin, worker prepare ci]
files: [{ volume: content, path: a/index.html, content: hunter2hunter2 }]
timeouts: { install: 900, run: 3000 }
lanes: 1
backup: { expect: [db/dump.sql], retry: true }
memory: 4000
secrets:
  given: { value: hunter2hunter2 }
  made: { length: 8, charset: hex }
  key: { file: key.pem }
env:
  PLAIN: 1
  SMTP_PASSWORD: hunter2hunter2
  DRAWN: { generate: 9, only: head }
  MAIL: { value: x, if_file: compose.mail.yml, only: base }
data: { read: [{ service: app, command: cat x }] }
skip: [{ stage: backup, reason: too large }]
exceptions: [confine.bind=/etc/localtime, lint.image]
`,
    "recipe.yml",
  );
  const told = await customisationsOf({ recipe: "wiki", folder: null, ...said });
  assert.deepEqual(Object.fromEntries(told.map(({ key, said }) => [key, said])), {
    "health.path": "/login",
    "health.status": "200; 302",
    "page.ready": "main",
    extra_domains: "files",
    ready: "path: /ping, domain: files; service: app, tcp: 64738, stable: 5",
    "timeouts.install": "900",
    "timeouts.run": "3000",
    lanes: "1",
    "backup.expect": "db/dump.sql",
    "backup.retry": "true",
    after_deploy: "create_admin; worker prepare ci",
    files: "a/index.html in volume content",
    "grace.db": "600",
    "base.repair": "service: db, image: db:2, versions: <1.2.0",
    memory: "4000",
    "secrets.given": "given",
    "secrets.made": "made up, 8 characters (hex)",
    "secrets.key": "key.pem",
    "env.PLAIN": "1",
    "env.SMTP_PASSWORD": "•••",
    "env.DRAWN": "made up, 9 characters (alnum) (commit under test only)",
    "env.MAIL": "x (with compose.mail.yml) (published version only)",
    skip: "stage: backup, reason: too large",
    exceptions: "confine.bind=/etc/localtime; lint.image",
  });
  assert.deepEqual(await customisationsOf(defaultEnrolment("wiki")), []);
});

Deno.test("steps that set an app up are told among what the enrolment changes", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const told = async () =>
      (await customisationsOf({ ...defaultEnrolment("wiki"), folder })).map(({ key }) => key);
    await Deno.writeTextFile(join(folder, "seed.ts"), "");
    assert.deepEqual(await told(), []);
    await Deno.writeTextFile(join(folder, "setup.ts"), "");
    assert.deepEqual(await told(), ["setup.ts"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
