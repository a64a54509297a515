import assert from "node:assert/strict";
import { loadCompose } from "../recipe/compose.ts";
import { healthPath, neededSeconds, otherDomains, publishedTcp, unusedOverlays } from "./look.ts";

const health = (test: unknown) => ({ healthcheck: { test } });

Deno.test("the path of a health check is taken from service app, or from the only service that asks a web server", () => {
  const asks = (path: string) => health(["CMD", "curl", "-fsS", `http://localhost:8080${path}`]);
  assert.equal(healthPath({ db: asks("/db"), app: asks("/healthz") }), "/healthz");
  assert.equal(
    healthPath({ app: health("wget -qO- http://127.0.0.1/api/health?deep=1 || exit 1") }),
    "/api/health",
  );
  assert.equal(healthPath({ app: {}, web: asks("/up") }), "/up");
  assert.equal(healthPath({ app: {}, web: asks("/up"), api: asks("/api") }), null);
  assert.equal(healthPath({ app: asks("/") }), null);
  assert.equal(healthPath({ app: health(["CMD", "pg_isready"]) }), null);
  assert.equal(healthPath({ app: health(["CMD", "curl", "https://example.org/x"]) }), null);
});

/** Calls `look` with a folder that holds these files. */
async function looking<T>(files: Record<string, string>, look: (root: string) => T | Promise<T>): Promise<T> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${root}/${name}`, text);
    return await look(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("overlays that .env.sample leaves out are named, and the files that it switches on", async () => {
  const files = { "compose.yml": "", "compose.smtp.yml": "", "compose.sso.yml": "", "compose.yml.bak": "" };
  const seen = (sample: string) => looking({ ...files, ".env.sample": sample }, unusedOverlays);
  assert.deepEqual(await seen(""), { on: ["compose.yml"], off: ["compose.smtp.yml", "compose.sso.yml"] });
  assert.deepEqual(
    await seen(
      'COMPOSE_FILE="compose.yml"\nCOMPOSE_FILE="$COMPOSE_FILE:compose.sso.yml"\n#COMPOSE_FILE="x"\n',
    ),
    { on: ["compose.yml", "compose.sso.yml"], off: ["compose.smtp.yml"] },
  );
});

Deno.test("settings that name a domain of an example may be domains of their own, except what steers the host", async () => {
  const sample = [
    ..."TYPE=talk DOMAIN=talk.example.com COLLABORA_DOMAIN=collabora.example.com".split(" "),
    ..."API_HOST=api.talk.example.org MAIL_FROM=me@example.com #OTHER_DOMAIN=x.example.com".split(" "),
    "MATRIX_SLIDING_SYNC_PROXY_DOMAIN=sync.example.com",
    "DOCKER_HOST=docker.example.com",
  ].join("\n");
  const found = await looking({ ".env.sample": sample }, (root) => otherDomains({ root }));
  assert.deepEqual(found.map(({ setting, value, name }) => [setting, value, name]), [
    ["COLLABORA_DOMAIN", "collabora.example.com", "collabora"],
    ["API_HOST", "api.talk.example.org", "api"],
    ["MATRIX_SLIDING_SYNC_PROXY_DOMAIN", "sync.example.com", "matrix-sliding-sync"],
  ]);
});

Deno.test("a domain is the app's own if its setting is called so, and not for mail, data, log-ins or another recipe", async () => {
  const own = ["UPLOAD_DOMAIN", "MINIO_CONSOLE_DOMAIN", "web_domain", "DBMS_DOMAIN", "ALT_DOMAIN"];
  const others = ["SMTP_HOST", "API_HOST", "SMTP_DOMAIN", "MAIL_DOMAIN", "DB_HOST", "WIKI_DB_DOMAIN"];
  const named = [...own, ...others, "KEYCLOAK_DOMAIN", "COLLABORA_DOMAIN", "LDAP_DOMAIN", "OIDC_DOMAIN"];
  const sample = named.map((name) => `${name}=x.example.com\n`).join("");
  const found = await looking({ ".env.sample": sample }, (root) => otherDomains({ root }));
  assert.equal(found.length, named.length);
  assert.deepEqual(found.filter(({ likelyOwn }) => likelyOwn).map(({ setting }) => setting), own);
});

Deno.test("the time that a recipe gives its start is the longest that a health check or TIMEOUT allows", async () => {
  const service = { healthcheck: { start_period: "15m", interval: "30s", retries: 4 } };
  const seen = (sample: string, services: Record<string, typeof service>) =>
    looking({ ".env.sample": sample }, (root) => neededSeconds(services, { root }));
  assert.equal(await seen("", {}), 0);
  assert.equal(await seen("TIMEOUT=100", { app: service }), 17 * 60);
  assert.equal(await seen("TIMEOUT=1200", { app: service }), 1200);
});

Deno.test("TCP ports that services publish are named by the container's number, each once", async () => {
  const compose = [
    "services:",
    "  app:",
    '    ports: ["80:8080", "64738:64738", {target: 64738, published: 64738, protocol: udp}]',
    "  irc:",
    '    ports: ["6697", "6697:6697", "25:${NOBODY}"]',
  ].join("\n");
  const found = await looking({ "compose.yml": compose }, async (root) => {
    const read = await loadCompose(root, { COMPOSE_FILE: "compose.yml" });
    return read.ok ? publishedTcp(read) : assert.fail(read.message);
  });
  assert.deepEqual(found, [
    { service: "app", tcp: 8080 },
    { service: "app", tcp: 64738 },
    { service: "irc", tcp: 6697 },
  ]);
});
