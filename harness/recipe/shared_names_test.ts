import assert from "node:assert/strict";
import { join } from "node:path";
import { fromFileUrl } from "../../common/files.ts";
import { loadCompose } from "./compose.ts";
import { calledOnProxy } from "./shared_names.ts";

/** What is called of a recipe whose `app` and `db` are on `proxy`, if `app` has these lines more. */
async function called(lines: string, files: Record<string, string> = {}): Promise<string[]> {
  const root = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(root, name), text);
    await Deno.writeTextFile(
      join(root, "compose.yml"),
      `services:
  app:
    image: nginx
    networks: [proxy]
${lines.replace(/^(?=.)/gm, "    ")}
  db:
    image: postgres
    networks: {outside: {}, internal: {}}
  inner:
    image: redis
    networks: [internal]
networks:
  outside: {name: proxy, external: true}
  internal:
configs:
  conf: {file: ./nginx.conf}
`,
    );
    const compose = await loadCompose(root, { DB: "db" });
    assert.ok(compose.ok);
    return calledOnProxy(compose, root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

for (
  const lines of [
    "environment: [DB_HOST=db]",
    "environment: {DB_HOST: '${DB}'}",
    "environment: {NODES: 'inner, db'}",
    "environment: {DATABASE_URL: 'postgres://user:pass@db/name?sslmode=disable'}",
    "environment: {CACHE: 'db:6379'}",
    "command: [wait-for, 'db:5432', --, run]",
    "command: pg_isready -h db",
    'entrypoint: [nc, -z, db, "5432"]',
    "healthcheck: {test: [CMD, curl, 'http://db/']}",
  ]
) {
  Deno.test(`a service on the shared network is called by its bare name: ${lines}`, async () => {
    assert.deepEqual(await called(lines), ["db"]);
  });
}

Deno.test("a file that a config brings may call a service, too", async () => {
  assert.deepEqual(await called("", { "nginx.conf": "location / {\n  fastcgi_pass app:9000;\n}\n" }), [
    "app",
  ]);
});

Deno.test("where there is too much to look through, all on the shared network count as called", async () => {
  assert.deepEqual(await called("", { "nginx.conf": "#".repeat(300_000) }), ["app", "db"]);
});

for (
  const lines of [
    "environment: [DB_HOST=inner, DB_USER=db, POSTGRES_DB=app, APP_NAME=app]",
    "environment: {URL: 'https://app.example.org/db'}",
    "command: 'app --config /etc/db:ro'",
    "labels: ['a=db:80']",
    "environment: {DB_HOST: my-db, OTHER: 'db.internal:80', THIRD: 'x_db:80'}",
  ]
) {
  Deno.test(`no service on the shared network is called by its bare name: ${lines}`, async () => {
    assert.deepEqual(await called(lines), []);
  });
}

for (const recipe of ["custom-html", "miniflux"]) {
  Deno.test(`the recipe that the local stack brings along keeps its lanes side by side: ${recipe}`, async () => {
    const folder = fromFileUrl(import.meta.resolve(`../../local/recipes/${recipe}/`));
    for await (const { name } of Deno.readDir(folder)) {
      const root = join(folder, name);
      const compose = await loadCompose(root, { DOMAIN: "a.example.org", STACK_NAME: "a_example_org" });
      if (compose.ok) assert.deepEqual(calledOnProxy(compose, root), [], name);
    }
  });
}
