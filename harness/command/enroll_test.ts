import assert from "node:assert/strict";
import { join } from "node:path";
import { stringify } from "yaml";
import { findDockerClient } from "../../common/docker_client.ts";
import { UsageError } from "../../common/errors.ts";
import { execOk } from "../../common/exec.ts";
import { exists } from "../../common/files.ts";
import { loadEnrolment } from "../../enrolment/enrolment.ts";
import { enroll } from "./enroll.ts";

const client = await findDockerClient();
/** One for all tests: what Deno has checked once, it need not check again. */
const runs = await Deno.makeTempDir({ prefix: "ccci-test-" });
globalThis.addEventListener("unload", () => Deno.removeSync(runs, { recursive: true }));
const app = {
  image: "example/wiki:1.0",
  networks: ["proxy"],
  deploy: {
    labels: [
      "traefik.enable=true",
      "traefik.docker.network=proxy",
      "traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80",
      "traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`)",
      "traefik.http.routers.${STACK_NAME}.entrypoints=web-secure",
    ],
  },
};
const networks = { proxy: { external: true } };
const plain = { version: "3.8", services: { app }, networks };
const sample = "TYPE=wiki\nDOMAIN=wiki.example.com\nLETS_ENCRYPT_ENV=production\n";

/** A place to enrol from and to. */
class Ground implements AsyncDisposable {
  readonly said: string[] = [];
  readonly asked: string[] = [];

  private constructor(readonly root: string) {}

  static async lay(): Promise<Ground> {
    const ground = new Ground(await Deno.realPath(await Deno.makeTempDir({ prefix: "ccci-test-" })));
    await Deno.mkdir(ground.recipes);
    return ground;
  }

  get recipes(): string {
    return join(this.root, "recipes");
  }

  /** A git repository with these files. @returns its path */
  async repository(files: Readonly<Record<string, string>>, name = "wiki"): Promise<string> {
    const path = join(this.root, name);
    await Deno.mkdir(path);
    for (const [file, text] of Object.entries(files)) await Deno.writeTextFile(join(path, file), text);
    const git = (...args: string[]) =>
      execOk(["git", "-C", path, "-c", "user.name=a", "-c", "user.email=a@b", ...args]);
    await git("init", "-q");
    await git("add", "-A");
    await git("commit", "-q", "-m", "one", "--allow-empty");
    return path;
  }

  /** @param answers by words of their questions; null: nobody is asked */
  async enroll(
    target: string,
    { answers = null, force = false }: {
      answers?: Readonly<Record<string, string>> | null;
      force?: boolean;
    } = {},
  ) {
    const env = {
      CCCI_BASE_DOMAIN: "ci.test",
      CCCI_RUNS: runs,
      CCCI_RECIPES: this.recipes,
      CCCI_FORGE_URL: "https://git.ci.test",
    };
    return await enroll(target, {
      env,
      force,
      prompt: answers === null ? null : (question, proposal) => {
        this.asked.push(`${question} [${proposal}]`);
        return Object.entries(answers).find(([words]) => question.includes(words))?.[1] ?? "";
      },
      say: (text) => this.said.push(text),
      signal: new AbortController().signal,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}

function test(name: string, work: (ground: Ground) => Promise<void>): void {
  Deno.test({
    name,
    ignore: client === null,
    async fn() {
      await using ground = await Ground.lay();
      await work(ground);
    },
  });
}

test("a recipe is enrolled without a question, and what was taken is said", async (ground) => {
  const path = await ground.repository({ "compose.yml": stringify(plain), ".env.sample": sample });
  assert.deepEqual(await ground.enroll(path), {
    recipe: "wiki",
    source: { kind: "path", path: await Deno.realPath(path), revision: null },
    folder: join(ground.recipes, "wiki"),
    ready: true,
  });
  const { repo, data, health } = await loadEnrolment(ground.recipes, "wiki");
  assert.deepEqual([repo, data.seed, health.path], ["recipe-maintainers/wiki", [], "/"]);
  const said = ground.said.join("");
  assert.match(said, /its repository is recipe-maintainers\/wiki\n/);
  assert.match(said, /Services: +app \(example\/wiki:1\.0\)/);
  assert.match(said, /Versions: +none is published, so no upgrade is tested/);
  assert.match(said, /No database that is known/);
  assert.match(said, /✔ wiki\n1 recipe checked, 0 with mistakes/);
});

test("tags that are no versions are named where none is said to be published", async (ground) => {
  const path = await ground.repository({ "compose.yml": stringify(plain), ".env.sample": sample });
  const tag = (...args: string[]) =>
    execOk(["git", "-C", path, "-c", "user.name=a", "-c", "user.email=a@b", "tag", ...args]);
  await tag("-a", "v1.0.1", "-m", "one");
  await tag("1.0.0+1.0");
  await ground.enroll(path);
  const said = ground.said.join("");
  assert.match(said, /Versions: +none is published/);
  assert.match(said, /^ {2}.*v1\.0\.1/m);
  assert.match(said, /^ {2}The tag "1\.0\.0\+1\.0" is not annotated, so abra knows no such version$/m);
});

test("what a person answers stands in the enrolment, and each thing to decide is asked once", async (ground) => {
  const secret = (name: string) => ({
    external: true,
    name: `\${STACK_NAME}_${name}_\${SECRET_${name.toUpperCase()}_VERSION}`,
  });
  const services = {
    app: {
      ...app,
      environment: ["HOST=${API_HOST}", "KEY=${API_KEY:?set a key}", "NAME=${SITE_NAME:?name the site}"],
      secrets: ["smtp", "jwt"],
      healthcheck: { test: ["CMD", "curl", "-f", "http://localhost/healthz"], start_period: "20m" },
    },
    db: {
      image: "postgres:15",
      environment: { POSTGRES_USER: "wiki" },
      volumes: ["db:/var/lib/postgresql/data"],
    },
    cache: { image: "redis:7" },
  };
  const compose = {
    ...plain,
    services,
    secrets: { smtp: secret("smtp"), jwt: secret("jwt") },
    volumes: { db: null },
  };
  const path = await ground.repository({
    "compose.yml": stringify(compose),
    "compose.extra.yml": stringify({ version: "3.8", services: { app: { environment: ["EXTRA=1"] } } }),
    ".env.sample": `${sample}API_HOST=api.example.com
SECRET_SMTP_VERSION=v1 # generate=false
SECRET_JWT_VERSION=v1 # generate=false
`,
  });
  const answers = {
    "its repository is": "people/wiki",
    "API_HOST is a domain": "api",
    "switch on": "compose.extra.yml",
    "name the site": "Ours",
    'secret "smtp"': "not-so-secret",
    "Which path": "/up",
    "dashboard": "y",
  };
  assert.equal((await ground.enroll(path, { answers })).ready, true, ground.said.join(""));
  const { recipe: _, folder: __, data, ...said } = await loadEnrolment(ground.recipes, "wiki");
  assert.equal(said.repo, "people/wiki");
  assert.equal(said.public, true);
  assert.equal(said.health.path, "/up");
  assert.equal(said.page.path, "/");
  assert.deepEqual(said.extra_domains, ["api"]);
  assert.deepEqual(said.env, {
    COMPOSE_FILE: { value: "compose.yml:compose.extra.yml" },
    API_HOST: { value: "{domain.api}" },
    API_KEY: { generate: 32 },
    SITE_NAME: { value: "Ours" },
  });
  assert.deepEqual(said.secrets, { smtp: { value: "not-so-secret" }, jwt: { length: 32 } });
  assert.deepEqual(said.timeouts, { install: 1620, upgrade: 1620 });
  assert.equal(data.seed[0]?.service, "db");
  assert.equal(new Set(ground.asked).size, ground.asked.length, ground.asked.join("\n"));
  assert.match(ground.asked.join("\n"), /Which holds the data\? \[db\]/);
});

test("an answer that recipe.yml cannot hold is asked for again, with what is wrong", async (ground) => {
  const compose = {
    ...plain,
    services: {
      app: {
        ...app,
        environment: ["NAME=${SITE_NAME:?name the site}", "HOST=${API_HOST}"],
        secrets: ["smtp"],
        ports: [{ target: 64738, published: 64738, mode: "host" }],
        healthcheck: { test: ["CMD", "x"], start_period: "60h" },
      },
    },
    secrets: { smtp: { external: true, name: "${STACK_NAME}_smtp_${SECRET_SMTP_VERSION}" } },
  };
  const path = await ground.repository({
    "compose.yml": stringify(compose),
    ".env.sample": `${sample}API_HOST=api.example.com\nSECRET_SMTP_VERSION=v1 # generate=false\n`,
  });
  const answers = {
    "is no name of the form owner/name": "people/wiki",
    "its repository is": "bad name here",
    '"env.SITE_NAME" mixes quotes': "it's ours",
    "name the site": 'it\'s "ours"',
    "must be one word": "files",
    "API_HOST is a domain": "Not One",
    'must begin with "/"': "/up",
    "Which path": "up",
    "must be a valid regular expression": "Ours",
    "Which words": "/(/",
    "Permit it": "y",
  };
  assert.equal((await ground.enroll(path, { answers })).ready, true, ground.said.join(""));
  const { repo, env, health, ready, extra_domains: domains, timeouts } = await loadEnrolment(
    ground.recipes,
    "wiki",
  );
  assert.equal(repo, "people/wiki");
  assert.equal(env.SITE_NAME?.value, "it's ours");
  assert.deepEqual([domains, env.API_HOST?.value], [["files"], "{domain.files}"]);
  assert.deepEqual([health.path, health.title], ["/up", "Ours"]);
  assert.deepEqual(ready, [{ service: "app", tcp: 64738 }]);
  assert.deepEqual(timeouts, { install: 86_400, upgrade: 86_400 });
});

test("an answer that names nothing there is, or what another recipe has, is asked for again", async (ground) => {
  const services = {
    app,
    db: { image: "postgres:15", environment: { POSTGRES_USER: "wiki" } },
    cache: { image: "redis:7" },
  };
  const path = await ground.repository({
    "compose.yml": stringify({ ...plain, services }),
    "compose.extra.yml": stringify({ version: "3.8", services: { app: { environment: ["EXTRA=1"] } } }),
    ".env.sample": sample,
  });
  await Deno.mkdir(join(ground.recipes, "other"));
  await Deno.writeTextFile(join(ground.recipes, "other", "recipe.yml"), "repo: people/other\n");
  const answers = {
    'tested as recipe "other" already': "people/wiki",
    "its repository is": "people/other",
    'no compose file "compose.extar.yml"': "compose.extra.yml",
    "switch on": "compose.extar.yml",
    'no database "bd"': "cache",
    "Which holds the data": "bd",
  };
  assert.equal((await ground.enroll(path, { answers })).ready, true, ground.said.join(""));
  const { repo, env, data } = await loadEnrolment(ground.recipes, "wiki");
  assert.equal(repo, "people/wiki");
  assert.deepEqual(env, { COMPOSE_FILE: { value: "compose.yml:compose.extra.yml" } });
  assert.equal(data.seed[0]?.service, "cache");
});

test("an answer that will never do ends it in a sentence", async (ground) => {
  const compose = {
    ...plain,
    services: { app: { ...app, environment: ["A=${SITE_NAME:?name it}"] } },
  };
  const path = await ground.repository({ "compose.yml": stringify(compose), ".env.sample": sample });
  await assert.rejects(ground.enroll(path, { answers: { "name it": "'\"" } }), (error) => {
    assert.ok(error instanceof UsageError, String(error));
    assert.match(
      error.message,
      /^No answer to "Required variable "SITE_NAME" .*: "env\.SITE_NAME" mixes quotes/,
    );
    return true;
  });
  assert.equal(ground.asked.filter((one) => one.includes("name it")).length, 5);
  assert.ok(!await exists(join(ground.recipes, "wiki")));
});

test("a domain of the sample is the app's own only if somebody says so, or its name does", async (ground) => {
  const hosts = ["UPLOAD_DOMAIN", "SMTP_HOST", "KEYCLOAK_DOMAIN", "ALT_DOMAIN", "DOCKER_HOST"];
  const settings = sample + hosts.map((name) => `${name}=${name[0]?.toLowerCase()}.example.com\n`).join("");
  const path = await ground.repository({ "compose.yml": stringify(plain), ".env.sample": settings });
  await ground.enroll(path);
  const taken = await loadEnrolment(ground.recipes, "wiki");
  assert.deepEqual(taken.extra_domains, ["upload", "alt"]);
  assert.deepEqual(taken.env, {
    UPLOAD_DOMAIN: { value: "{domain.upload}" },
    ALT_DOMAIN: { value: "{domain.alt}" },
  });
  assert.doesNotMatch(ground.said.join(""), /DOCKER_HOST is a domain/);
  const answers = { "UPLOAD_DOMAIN is": "none", "ALT_DOMAIN is": "-", "SMTP_HOST is": "mail" };
  await ground.enroll(path, { answers, force: true });
  const said = await loadEnrolment(ground.recipes, "wiki");
  assert.deepEqual([said.extra_domains, said.env], [["mail"], { SMTP_HOST: { value: "{domain.mail}" } }]);
});

test("an overlay that is switched on gets the versions of its secrets, and who makes them up is as the sample says", async (ground) => {
  const secret = (name: string) => ({
    external: true,
    name: `\${STACK_NAME}_${name}_\${SECRET_${name.toUpperCase()}_VERSION}`,
  });
  const overlay = {
    version: "3.8",
    services: { app: { secrets: ["smtp_password", "api_key"] } },
    secrets: { smtp_password: secret("smtp_password"), api_key: secret("api_key") },
  };
  const path = await ground.repository({
    "compose.yml": stringify(plain),
    "compose.smtp.yml": stringify(overlay),
    ".env.sample": `${sample}#COMPOSE_FILE="compose.yml:compose.smtp.yml"
#SECRET_SMTP_PASSWORD_VERSION=v1
# SECRET_API_KEY_VERSION=v2 # generate=false
`,
  });
  const answers = { "switch on": "compose.smtp.yml", 'secret "api_key"': "a-key" };
  assert.equal((await ground.enroll(path, { answers })).ready, true, ground.said.join(""));
  const { env, secrets } = await loadEnrolment(ground.recipes, "wiki");
  assert.deepEqual(env, {
    COMPOSE_FILE: { value: "compose.yml:compose.smtp.yml" },
    SECRET_SMTP_PASSWORD_VERSION: { value: "v1" },
    SECRET_API_KEY_VERSION: { value: "v2" },
  });
  assert.deepEqual(secrets, { api_key: { value: "a-key" } });
});

test("the example's domain is filled in wherever abra leaves it, and a domain that is routed counts as the app's", async (ground) => {
  const rule = "Host(`${DOMAIN}`) && PathPrefix(`/wiki`)";
  const labels = [
    ...app.deploy.labels.slice(0, 3),
    `traefik.http.routers.\${STACK_NAME}.rule=${rule}`,
    "traefik.http.routers.${STACK_NAME}-office.rule=Host(`${COLLABORA_DOMAIN}`)",
  ];
  const services = { app: { ...app, deploy: { labels } } };
  const settings = `TYPE=wiki
DOMAIN=pages.example.com
WIKI_DOMAIN=pages.example.com
SITE_URL="https://pages.example.com/start"
API_URL=https://$DOMAIN/api
MAIL_FROM=wiki@pages.example.com
COLLABORA_DOMAIN=office.example.com
`;
  const path = await ground.repository({
    "compose.yml": stringify({ ...plain, services }),
    ".env.sample": settings,
  });
  assert.equal((await ground.enroll(path)).ready, true, ground.said.join(""));
  const said = await loadEnrolment(ground.recipes, "wiki");
  assert.deepEqual(said.env, {
    COLLABORA_DOMAIN: { value: "{domain.collabora}" },
    WIKI_DOMAIN: { value: "{domain}" },
    SITE_URL: { value: "https://{domain}/start" },
  });
  assert.deepEqual(said.extra_domains, ["collabora"]);
  assert.equal(said.health.path, "/wiki");
});

test("a recipe whose proxy does not route by DOMAIN gets its app's domain where it does", async (ground) => {
  const labels = [
    ...app.deploy.labels.slice(0, 3),
    "traefik.http.routers.${STACK_NAME}.rule=Host(`${WIKI_HOST}`)",
  ];
  const path = await ground.repository({
    "compose.yml": stringify({ ...plain, services: { app: { ...app, deploy: { labels } } } }),
    ".env.sample": `${sample}WIKI_HOST=pages.example.com\n`,
  });
  assert.equal((await ground.enroll(path)).ready, true, ground.said.join(""));
  const { env, extra_domains: domains } = await loadEnrolment(ground.recipes, "wiki");
  assert.deepEqual([env, domains], [{ WIKI_HOST: { value: "{domain}" } }, []]);
  assert.match(ground.said.join(""), /routes by WIKI_HOST and not by DOMAIN/);
});

test("stages get more where the recipe gives its start all the time that they usually have", async (ground) => {
  const check = { test: ["CMD", "true"], start_period: "1m", interval: "30s", retries: 10 };
  const compose = { ...plain, services: { app: { ...app, healthcheck: check } } };
  const files = { "compose.yml": stringify(compose), ".env.sample": sample };
  await ground.enroll(await ground.repository(files));
  assert.deepEqual((await loadEnrolment(ground.recipes, "wiki")).timeouts, {});
  await Deno.remove(join(ground.root, "wiki"), { recursive: true });
  const longer = { ...files, ".env.sample": `${sample}TIMEOUT=600\n` };
  await ground.enroll(await ground.repository(longer), { force: true });
  assert.deepEqual((await loadEnrolment(ground.recipes, "wiki")).timeouts, { install: 900 });
});

test("an enrolment that is there is kept, unless somebody says that it may be written over", async (ground) => {
  const path = await ground.repository({ "compose.yml": stringify(plain), ".env.sample": sample });
  const yml = join(ground.recipes, "wiki", "recipe.yml");
  await Deno.mkdir(join(ground.recipes, "wiki"));
  await Deno.writeTextFile(yml, "repo: a/wiki\n");
  const refused = { message: /^Recipe "wiki" has a folder already/, hint: /--force/ };
  await assert.rejects(ground.enroll(path), refused);
  await assert.rejects(ground.enroll(path, { answers: {} }), refused);
  assert.equal(await Deno.readTextFile(yml), "repo: a/wiki\n");
  await ground.enroll(path, { force: true });
  assert.match(await Deno.readTextFile(yml), /^# yaml-language-server: \$schema=\S+\n/);
  await Deno.writeTextFile(yml, "repo: [\n");
  await ground.enroll(path, { answers: { "Write over": "y" } });
  assert.match(await Deno.readTextFile(yml), /^repo: recipe-maintainers\/wiki$/m);
});

test("what confinement refuses is named with the exception that would permit it, and only a person may", async (ground) => {
  const ports = [{ target: 64738, published: 64738, mode: "host" }];
  const compose = {
    ...plain,
    services: { app: { ...app, ports, volumes: ["/etc/localtime:/etc/localtime:ro"] } },
  };
  const path = await ground.repository({ "compose.yml": stringify(compose), ".env.sample": sample });
  assert.equal((await ground.enroll(path)).ready, false);
  const said = ground.said.join("");
  assert.match(said, /asks for what no app may do, so it is not deployed/);
  assert.match(said, /compose\.yml, line \d+: .*\(exceptions: confine\.port=64738\)/);
  const yml = await Deno.readTextFile(join(ground.recipes, "wiki", "recipe.yml"));
  assert.match(
    yml,
    /^# exceptions:\n# {3}- "confine\.bind=\/etc\/localtime"\n# {3}- "confine\.port=64738"\n/m,
  );
  assert.equal((await ground.enroll(path, { answers: { "Permit it": "y" }, force: true })).ready, true);
  assert.deepEqual((await loadEnrolment(ground.recipes, "wiki")).exceptions, [
    "confine.bind=/etc/localtime",
    "confine.port=64738",
  ]);
});

test("what cannot be enrolled is refused in a sentence, and leaves nothing", async (ground) => {
  const refused = async (target: string, message: RegExp, hint?: RegExp) => {
    await assert.rejects(ground.enroll(target), (error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, message);
      if (hint !== undefined) assert.match(error.hint ?? "", hint);
      return true;
    });
  };
  await refused(
    await ground.repository({ "README.md": "" }, "app"),
    /no recipe of Co-op Cloud: it has no compose\.yml/,
  );
  await refused(
    await ground.repository({ "compose.yml": stringify(plain) }, "raw"),
    /no recipe of Co-op Cloud: it has no \.env\.sample/,
  );
  await refused(
    await ground.repository(
      { "compose.yml": "services: [", ".env.sample": sample.replace("wiki", "bad") },
      "bad",
    ),
    /^The recipe cannot be read: compose\.yml, line \d+: /,
  );
  const needs = stringify({
    ...plain,
    services: { app: { ...app, environment: ["A=${SITE_NAME:?name it}"] } },
  });
  await refused(
    await ground.repository(
      { "compose.yml": needs, ".env.sample": sample.replace("wiki", "needy") },
      "needy",
    ),
    /^Required variable "SITE_NAME" .*name it, and nobody knows what it should be$/,
    /in a terminal/,
  );
  await refused(join(ground.root, "nowhere"), /^There is no folder/);
  await refused(ground.recipes, /is not the top folder of a git repository/);
  await refused("http://git.ci.test/a/wiki.git", /only https and ssh/);
  await refused("https://127.0.0.1:9/a/wiki.git", /^Could not fetch "wiki\.git" from "https:/);
  await refused("people/nothing", /^Could not fetch "nothing\.git" from "https:\/\/git\.ci\.test\/people/);
  await refused("nothing", /cannot be guessed/, /owner\/name/);
  const wiki = await ground.repository({ "compose.yml": stringify(plain), ".env.sample": sample });
  await Deno.mkdir(join(ground.recipes, "other"));
  await Deno.writeTextFile(join(ground.recipes, "other", "recipe.yml"), "repo: people/wiki\n");
  await refused(wiki, /^The pull requests of "people\/wiki" are tested as recipe "other" already$/);
  for (const name of ["app", "raw", "bad", "needy", "wiki"]) {
    assert.ok(!await exists(join(ground.recipes, name)));
  }
});
