import assert from "node:assert/strict";
import { loadCompose } from "../recipe/compose.ts";
import {
  composeFileWith,
  mainDomain,
  neededSeconds,
  otherDomains,
  paths,
  publishedTcp,
  shownVersion,
  unusedOverlays,
} from "./look.ts";

const health = (test: unknown) => ({ healthcheck: { test } });
const domain = "wiki.ci.test";
const healthPath = (services: Parameters<typeof paths>[0]) => paths(services, domain).health;

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
  assert.equal(
    healthPath({ app: health("curl --fail localhost:8080/healthz || exit 1") }),
    "/healthz",
  );
  assert.equal(healthPath({ app: health(["CMD", "curl", "-H", "Host: x.localhost/a"]) }), null);
});

Deno.test("a path at another port than the proxy's is none that a visitor could ask for", () => {
  const service = (labels: unknown, url: string) => ({ ...health(["CMD", "curl", url]), deploy: { labels } });
  const port = (number: number) => [`traefik.http.services.wiki.loadbalancer.server.port=${number}`];
  assert.equal(healthPath({ app: service(port(8080), "http://localhost:9000/health/ready") }), null);
  assert.equal(healthPath({ app: service(port(8080), "http://localhost/up") }), null);
  assert.equal(healthPath({ app: service(port(8080), "http://localhost:8080/up") }), "/up");
  assert.equal(healthPath({ app: service(port(80), "http://localhost/up") }), "/up");
  assert.equal(healthPath({ app: service(port(443), "https://localhost/up") }), "/up");
  assert.equal(
    healthPath({
      app: service({ "traefik.http.services.wiki.loadbalancer.server.port": 80 }, "http://localhost/up"),
    }),
    "/up",
  );
});

Deno.test("a path of a service that the proxy does not know counts only where nothing says which it knows", () => {
  const asks = (path: string) => health(["CMD", "curl", `http://localhost${path}`]);
  const at = (host: string) => ({ deploy: { labels: [`traefik.http.routers.wiki.rule=Host(\`${host}\`)`] } });
  assert.equal(healthPath({ app: asks("/health"), web: at(domain) }), null);
  assert.equal(
    healthPath({ app: asks("/health"), web: { ...asks("/status.php"), ...at(domain) } }),
    "/status.php",
  );
  assert.equal(
    healthPath({ web: { ...asks("/up"), ...at(domain) }, files: { ...asks("/live"), ...at("x.ci.test") } }),
    "/up",
  );
  assert.equal(healthPath({ app: asks("/health"), files: at("x.ci.test") }), "/health");
});

Deno.test("an app that the proxy reaches below a path only is asked and opened there", () => {
  const routed = (rule: string, ...others: string[]) => ({
    app: {
      ...health("curl http://localhost/api/health"),
      deploy: { labels: [`traefik.http.routers.wiki.rule=${rule}`, ...others] },
    },
  });
  const host = "Host(`wiki.ci.test`)";
  const strip = "traefik.http.middlewares.wiki-strip.stripprefix.prefixes=/cms";
  const seen = (services: Parameters<typeof paths>[0]) => {
    const { health, front } = paths(services, domain);
    return [health, front];
  };
  assert.deepEqual(seen(routed(host)), ["/api/health", "/"]);
  assert.deepEqual(seen(routed(`${host} && PathPrefix(\`/cms\`)`, strip)), ["/cms/api/health", "/cms/"]);
  assert.deepEqual(seen(routed(`${host} && PathPrefix(\`/api\`)`)), ["/api/health", "/api"]);
  assert.deepEqual(seen(routed(`${host} && PathPrefix(\`/cms\`)`)), [null, "/cms"]);
  assert.deepEqual(seen(routed(`${host} && (Path(\`/x\`) || PathPrefix(\`/b\`))`)), [null, "/x"]);
  assert.deepEqual(seen(routed(`${host} || ${host} && PathPrefix(\`/cms\`)`, strip)), ["/api/health", "/"]);
  const front = { deploy: { labels: { "traefik.http.routers.front.rule": host } } };
  assert.deepEqual(seen({ ...routed(`${host} && PathPrefix(\`/api\`)`), front }), ["/api/health", "/"]);
  const elsewhere = { deploy: { labels: { "traefik.http.routers.x.rule": "Host(`other.ci.test`)" } } };
  assert.deepEqual(seen({ ...routed(`${host} && PathPrefix(\`/cms\`)`, strip), elsewhere }), [
    "/cms/api/health",
    "/cms/",
  ]);
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

Deno.test("an overlay is switched on as the sample shows it, in the place of what it is an alternative to", async () => {
  const sample = [
    'COMPOSE_FILE="compose.yml:compose.mariadb.yml"',
    '#COMPOSE_FILE="compose.yml:compose.postgres.yml"',
    "#   COMPOSE_FILE=compose.yml:compose.postgres.yml:compose.relay.yml:compose.smtp.yml",
    "# COMPOSE_FILE=compose.yml:compose.relay.yml:compose.smtp.yml # mail",
    '# COMPOSE_FILE="$COMPOSE_FILE:compose.sso.yml"',
    '# COMPOSE_FILE="compose.yml:compose.sso.yml:compose.gone.yml"',
  ].join("\n");
  const names = ["", ".mariadb", ".postgres", ".relay", ".smtp", ".sso"];
  const files = Object.fromEntries(names.map((name) => [`compose${name}.yml`, ""]));
  const seen = (...wanted: string[]) =>
    looking(
      { ...files, ".env.sample": sample },
      (root) => composeFileWith(root, wanted.map((name) => `compose.${name}.yml`)),
    );
  assert.equal(await seen("postgres"), "compose.yml:compose.postgres.yml");
  assert.equal(await seen("smtp"), "compose.yml:compose.relay.yml:compose.smtp.yml");
  assert.equal(await seen("sso"), "compose.yml:compose.mariadb.yml:compose.sso.yml");
  assert.equal(
    await seen("sso", "postgres"),
    "compose.yml:compose.mariadb.yml:compose.sso.yml:compose.postgres.yml",
  );
});

Deno.test("settings that name a domain of an example may be domains of their own, except what steers the host", async () => {
  const sample = [
    ..."TYPE=talk DOMAIN=talk.example.com COLLABORA_DOMAIN=collabora.example.com".split(" "),
    ..."API_HOST=api.talk.example.org MAIL_FROM=me@example.com #OTHER_DOMAIN=x.example.com".split(" "),
    "MATRIX_SLIDING_SYNC_PROXY_DOMAIN=sync.example.com",
    "DOCKER_HOST=docker.example.com",
  ].join("\n");
  const found = await looking({ ".env.sample": sample }, (root) => otherDomains({ root, recipe: "talk" }));
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
  const found = await looking({ ".env.sample": sample }, (root) => otherDomains({ root, recipe: "talk" }));
  assert.equal(found.length, named.length);
  assert.deepEqual(found.filter(({ likelyOwn }) => likelyOwn).map(({ setting }) => setting), own);
});

Deno.test("a setting by which the proxy routes is a domain of the app's own, whatever it is called and set to", async () => {
  const compose = [
    "services:",
    "  app:",
    "    deploy:",
    "      labels:",
    '        - "traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`${EXTRA_DOMAINS})"',
    '        - "traefik.http.routers.x.rule=Host(`${COLLABORA_DOMAIN}`) || Host(`$API_HOST`, `${CDN:-cdn.example.com}`)"',
    '        # - "traefik.http.routers.z.rule=Host(`${OLD_DOMAIN}`)"',
    "  mail:",
    "    deploy:",
    "      labels:",
    "        traefik.tcp.routers.y.rule: HostSNI(`${IMAP_HOST}`)",
    "    environment: [KEYCLOAK=https://${KEYCLOAK_DOMAIN}, 'SQL=`${DB_HOST}`']",
  ].join("\n");
  const files = {
    "compose.yml": compose,
    "compose.off.yml": "x: Host(`${OFF_DOMAIN}`)",
    ".env.sample":
      "DOMAIN=wiki.example.com\nCOLLABORA_DOMAIN=office.mysite.org\nKEYCLOAK_DOMAIN=sso.example.com\nAPI_HOST=\n",
  };
  const found = await looking(files, (root) => otherDomains({ root, recipe: "wiki" }));
  assert.deepEqual(found.map(({ setting, value, likelyOwn }) => [setting, value, likelyOwn]), [
    ["COLLABORA_DOMAIN", "office.mysite.org", true],
    ["KEYCLOAK_DOMAIN", "sso.example.com", false],
    ["API_HOST", "", true],
    ["CDN", "", true],
    ["IMAP_HOST", "", true],
  ]);
  const on = ["compose.yml", "compose.off.yml"];
  const more = await looking(files, (root) => otherDomains({ root, recipe: "wiki" }, on));
  assert.deepEqual(more.at(-1)?.setting, "OFF_DOMAIN");
});

Deno.test("a setting by which alone the proxy routes is the app's domain", async () => {
  const sample = "DOMAIN=gitea.example.com\nGITEA_DOMAIN=git.example.com\nPAGES=pages.example.com\n";
  const seen = (compose: string) =>
    looking({ "compose.yml": compose, ".env.sample": sample }, (root) => {
      const routes = { root, recipe: "gitea" };
      return [mainDomain(root), ...otherDomains(routes).map(({ setting }) => setting)];
    });
  const both = "a: Host(`${GITEA_DOMAIN}`)\nb: Host(`${PAGES}`)\n";
  assert.deepEqual(await seen(both), ["GITEA_DOMAIN", "PAGES"]);
  assert.deepEqual(await seen("x: Host(`${DOMAIN}`)\n" + both), ["DOMAIN", "GITEA_DOMAIN", "PAGES"]);
  assert.deepEqual(await seen("x: Host(`www.${DOMAIN}`)\n" + both), ["DOMAIN", "GITEA_DOMAIN", "PAGES"]);
  assert.deepEqual(await seen("x: y\n"), ["DOMAIN", "GITEA_DOMAIN", "PAGES"]);
});

Deno.test("a setting with the value of DOMAIN, or with the domain that abra fills in, is no second domain", async () => {
  const sample = "DOMAIN=git.example.com\nGITEA_DOMAIN=git.example.com\nROOT_DOMAIN=gitea.example.com\n" +
    "API_DOMAIN=api.gitea.example.com\n";
  const found = await looking({ ".env.sample": sample }, (root) => otherDomains({ root, recipe: "gitea" }));
  assert.deepEqual(found.map(({ setting }) => setting), ["API_DOMAIN"]);
});

Deno.test("the version of a secret is taken from a line of the sample that is commented out", async () => {
  const sample = [
    "#SECRET_SMTP_PASSWORD_VERSION=v1",
    "  # SECRET_API_KEY_VERSION=v2 # generate=false",
    "# SECRET_DB_VERSION=v1 is for the database",
    "#SECRET_EMPTY_VERSION=",
  ].join("\n");
  const compose = [
    "secrets:",
    "  smtp_password: {external: true, name: '${STACK_NAME}_smtp_password_${SECRET_SMTP_PASSWORD_VERSION}'}",
    "  key: {external: true, name: '${STACK_NAME}_key_$SECRET_API_KEY_VERSION'}",
    "  db: {external: true, name: '${STACK_NAME}_db_${SECRET_DB_VERSION}'}",
    "  empty: {external: true, name: '${STACK_NAME}_empty_${SECRET_EMPTY_VERSION:-}'}",
    "  fixed: {external: true, name: '${STACK_NAME}_fixed_v1'}",
  ].join("\n");
  const seen = (key: string) =>
    looking({ ".env.sample": sample, "compose.yml": compose }, async (root) => {
      const read = await loadCompose(root, { COMPOSE_FILE: "compose.yml", STACK_NAME: "x" });
      return shownVersion(read.ok ? read : assert.fail(read.message), { root, key });
    });
  assert.deepEqual(await seen("smtp_password"), {
    name: "SECRET_SMTP_PASSWORD_VERSION",
    value: "v1",
    modifiers: {},
  });
  assert.deepEqual((await seen("key"))?.modifiers, { generate: "false" });
  for (const key of ["db", "empty", "fixed", "other"]) assert.equal(await seen(key), null);
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
