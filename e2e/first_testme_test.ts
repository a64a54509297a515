import assert from "node:assert/strict";
import { join } from "node:path";
import * as z from "zod";
import { describeError } from "../common/errors.ts";
import { execOk } from "../common/exec.ts";
import { ensureOwnCertificate } from "../common/own_certificate.ts";
import { formatSeconds, waitFor } from "../common/time.ts";
import { isVerdict, showsOutcome } from "../local/demo/pull_request.ts";
import { logIn } from "../local/drone/login.ts";
import { pathsFromEnvironment } from "../local/host/paths.ts";
import { silentProgress } from "../local/host/progress.ts";
import { hostRecipes, publishHostRecipes } from "../local/host_apps/publish.ts";
import { importArguments, makeHostImages } from "../local/host_apps/images.ts";
import { buildPullRequest, buildRecipeRepo } from "../local/recipes/mod.ts";
import { runView } from "../protocol/dashboard_api.ts";
import { onRealServices } from "./scene.ts";
import { curlIn } from "./testing/curl_in.ts";
import { ensureDebian, HOST_PACKAGES } from "./testing/debian.ts";
import { EmptyHost } from "./testing/empty_host.ts";
import { ForgeMachine, trust } from "./testing/forge_machine.ts";
import { machineObstacle } from "./testing/machine.ts";
import { nginxImage } from "./testing/nginx_image.ts";

const DOMAIN = "ci.example.org";
const FORGE = "git.example.org";
const [AT_HOST, AT_FORGE] = ["203.0.113.7", "203.0.113.10"];
const ORG = "recipe-maintainers";
const PIPELINES = "cc-ci/cc-ci";
const RECIPE = `${ORG}/custom-html`;
/** With all that stages may take on a busy machine. */
const VERDICT_MS = 15 * 60_000;

const numbered = z.object({ number: z.number() });
const committed = z.object({ commit: z.object({ sha: z.string() }) });
const application = z.object({ client_id: z.string(), client_secret: z.string() });
const comments = z.array(z.object({ body: z.string(), user: z.object({ login: z.string() }) }));
const timeline = z.array(z.object({ type: z.string(), created_at: z.string() }).nullable()).nullable();

const obstacle = await machineObstacle() ??
  await ensureDebian(HOST_PACKAGES).then(
    () => null,
    (error) => `there is no Debian to boot: ${describeError(error)}`,
  );

/** Says how long each step took. */
class Stopwatch {
  readonly #lines: string[] = [];
  readonly #begun = performance.now();

  async time<T>(what: string, work: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    Deno.stderr.writeSync(new TextEncoder().encode(`${what} …\n`));
    const done = await work();
    this.#lines.push(`${formatSeconds(performance.now() - begun).padStart(12)}  ${what}`);
    return done;
  }

  table(): string {
    const all = `${formatSeconds(performance.now() - this.#begun).padStart(12)}  all of it`;
    return [...this.#lines, all].map((line) => `${line}\n`).join("");
  }
}

/** What an operator does on the forge: the organisation, the bot, the pipelines' repository, Drone's application. */
async function prepareForge(forge: ForgeMachine, folder: string) {
  await forge.start();
  for (const name of ["maintainer", "cc-ci-bot", "cc-ci"]) await forge.account(name);
  for (const org of [ORG, "coop-cloud"]) await forge.as("maintainer", "POST", "/orgs", { username: org });
  const team = z.object({ id: z.number() }).parse(
    await forge.as("maintainer", "POST", `/orgs/${ORG}/teams`, {
      name: "bots",
      permission: "read",
      units: ["repo.code", "repo.issues", "repo.pulls"],
      includes_all_repositories: true,
    }),
  );
  await forge.as("maintainer", "PUT", `/teams/${team.id}/members/cc-ci-bot`);
  const botToken = await forge.token("cc-ci-bot", ["read:organization", "read:repository", "write:issue"]);
  await forge.as("cc-ci", "POST", "/user/repos", { name: "cc-ci", auto_init: true, default_branch: "main" });
  const pipelines = await Deno.readTextFile(join(pathsFromEnvironment().repo, ".drone.yml"));
  const { commit } = committed.parse(
    await forge.as("cc-ci", "POST", `/repos/${PIPELINES}/contents/.drone.yml`, {
      message: "Pipelines",
      content: new TextEncoder().encode(pipelines).toBase64(),
    }),
  );
  const drone = application.parse(
    await forge.as("cc-ci", "POST", "/user/applications/oauth2", {
      name: "Drone",
      redirect_uris: [`https://drone.${DOMAIN}/login`],
      confidential_client: true,
    }),
  );
  await publishHostRecipes(join(folder, "recipes"));
  for (const recipe of hostRecipes) {
    const refs = ["main", "--tags"];
    const repo = join(folder, "recipes", `${recipe}.git`);
    await forge.publish(repo, `coop-cloud/${recipe}`, { by: "maintainer", refs });
  }
  return { botToken, commit: commit.sha, drone };
}

/** Images that no registry gives here; what an image believes is this test's authority. */
async function bringImages(host: EmptyHost, { folder, ca }: { folder: string; ca: string }): Promise<void> {
  const paths = pathsFromEnvironment();
  const signal = new AbortController().signal;
  const images = [
    ...await makeHostImages(join(folder, "images"), { paths, progress: silentProgress, signal }),
    await nginxImage(folder),
  ];
  for (const image of images) {
    if (image.tag.startsWith("drone/")) await believe(image.tar, { folder, ca });
    const there = join(folder, "lib", "image.tar");
    await Deno.rename(image.tar, there);
    await goesWell(host.command("docker", ...importArguments({ ...image, tar: "/var/lib/image.tar" })));
    await Deno.remove(there);
  }
}

async function believe(tar: string, { folder, ca }: { folder: string; ca: string }): Promise<void> {
  const name = "./etc/ssl/certs/ca-certificates.crt";
  const root = join(folder, "believed");
  await Deno.mkdir(join(root, "etc/ssl/certs"), { recursive: true });
  await Deno.copyFile(ca, join(root, name));
  await execOk(["tar", "-f", tar, "--delete", name]); // Docker takes no name twice.
  await execOk(["tar", "--owner=0", "--group=0", "-C", root, "-rf", tar, name]);
}

/** `!testme` by a member on a pull request; the verdict that the bot's comment comes to. */
async function testme(forge: ForgeMachine, { folder }: { folder: string }) {
  const { path } = await buildRecipeRepo("custom-html", join(folder, "custom-html"));
  const change = await buildPullRequest("custom-html", path, "good");
  const refs = ["main", "--tags", `${change.commit}:refs/heads/${change.branch}`];
  await forge.publish(path, RECIPE, { by: "maintainer", refs });
  const { number } = await waitFor(
    () =>
      forge.as("maintainer", "POST", `/repos/${RECIPE}/pulls`, {
        title: change.title.split("\n")[0],
        head: change.branch,
        base: "main",
      }).then((made) => numbered.parse(made), () => undefined),
    { what: "the forge to know the branch", timeoutMs: 60_000 },
  );
  // A comment in the second of the push could be about what was there before it.
  await waitFor(async () => {
    const entries = timeline.parse(
      await forge.as("maintainer", "GET", `/repos/${RECIPE}/issues/${number}/timeline`),
    );
    return entries?.some((entry) =>
      entry?.type === "pull_push" && Math.floor(Date.now() / 1000) > Date.parse(entry.created_at) / 1000
    );
  }, { what: "the push to be noted", timeoutMs: 60_000 });
  const thread = `/repos/${RECIPE}/issues/${number}/comments`;
  await forge.as("maintainer", "POST", thread, { body: "!testme" });
  return async () =>
    comments.parse(await forge.as("maintainer", "GET", thread))
      .find(({ user, body }) => user.login === "cc-ci-bot" && /\/runs\//.test(body))?.body;
}

onRealServices("an empty Debian becomes a host, and a member's first !testme on it is green", async () => {
  const watch = new Stopwatch();
  const folder = await Deno.makeTempDir({ prefix: "cc-ci-first-" });
  const paths = pathsFromEnvironment();
  try {
    const certificate = await ensureOwnCertificate(join(folder, "tls"), {
      authority: "An authority of a test",
      domain: "example.org",
      names: [DOMAIN, `*.${DOMAIN}`, FORGE],
      file: "wildcard",
    });
    const root = await ensureDebian(HOST_PACKAGES);
    await using forge = await watch.time(
      "a machine for the forge boots",
      () =>
        ForgeMachine.open({ paths, root }, {
          name: FORGE,
          address: AT_FORGE,
          domains: { [DOMAIN]: AT_HOST },
          certificate,
        }),
    );
    await using host = await watch.time(
      "an empty Debian boots",
      () => EmptyHost.open(folder, { paths, root }),
    );
    const { machine } = host;
    await machine.connect(forge.machine, { here: `${AT_HOST}/24`, there: `${AT_FORGE}/24` });
    await machine.write("/etc/resolv.conf", `nameserver ${AT_FORGE}\n`);
    await trust(machine, certificate.ca);
    await watch.time(
      "Docker Engine starts",
      () => machine.run("systemctl", "enable", "--now", "--quiet", "docker"),
    );
    const [given] = await Promise.all([
      watch.time(
        "on the forge: accounts, repositories, Drone's application",
        () => prepareForge(forge, folder),
      ),
      watch.time("images, as from a registry", () => bringImages(host, { folder, ca: certificate.ca })),
    ]);

    await watch.time("settings, certificate, secrets", async () => {
      const settings = {
        domain: DOMAIN,
        forge: { url: forge.url, org: ORG },
        ca: "/etc/cc-ci/ca.pem",
        drone: { repository: PIPELINES, commit: given.commit },
        backupBot: {},
        recipes: `${forge.url}/coop-cloud`,
      };
      await machine.write("/etc/cc-ci/host.json", JSON.stringify(settings));
      await machine.write("/etc/cc-ci/ca.pem", await Deno.readTextFile(certificate.ca));
      const live = "/var/lib/ci-certs/live";
      await machine.write(`${live}/fullchain.pem`, await Deno.readTextFile(certificate.cert));
      await machine.write(`${live}/privkey.pem`, await Deno.readTextFile(certificate.key), 0o600);
      const key = join(folder, "key");
      await execOk(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
      await machine.write("/etc/ssh/ssh_host_ed25519_key", await Deno.readTextFile(key), 0o600);
      await machine.write("/etc/ssh/ssh_host_ed25519_key.pub", await Deno.readTextFile(`${key}.pub`));
      await goesWell(host.ccCi("secrets", "new"));
      const secrets = {
        forge_token: given.botToken,
        drone_client_id: given.drone.client_id,
        drone_client_secret: given.drone.client_secret,
      };
      const edits = Object.entries(secrets).map(([name, value]) => `-e 's|^${name}: .*|${name}: ${value}|'`);
      await machine.write("/root/editor", `#!/bin/sh\nsed -i ${edits.join(" ")} "$1"\n`, 0o755);
      await goesWell(host.ccCi("secrets", "edit"));
      await goesWell(host.ccCi("secrets", "check"));
    });

    await watch.time("Docker gets the floor, as ./cc-ci install says", async () => {
      const { code, stderr } = await host.ccCi("install");
      assert.equal(code, 2, stderr);
      const floor = /^Docker would give containers of runs no limits\. .*: (\{.*\})$/m.exec(stderr)?.[1];
      assert.equal(stderr.trim().split("\n").length, 2, `nothing but that is lacking: ${stderr}`);
      await machine.write("/etc/docker/daemon.json", floor ?? assert.fail(stderr));
      await machine.run("systemctl", "restart", "docker");
    });
    await watch.time("./cc-ci install, as far as Drone's log-in", async () => {
      const first = await host.ccCi("install");
      assert.equal(first.code, 3, first.stdout + first.stderr);
      assert.match(first.stdout, /Log in at https:\/\/drone\.ci\.example\.org once as "cc-ci"/);
    });
    const fetch = curlIn(machine);
    await watch.time("the pipelines' owner logs in to Drone and activates the repository", async () => {
      const drone = `https://drone.${DOMAIN}`;
      const user = { name: "cc-ci", password: forge.passwords.get("cc-ci") ?? "" };
      const token = await logIn({ forge: forge.url, drone, user, clientId: given.drone.client_id, fetch });
      const call = (path: string) =>
        fetch(`${drone}${path}`, { method: "POST", headers: { authorization: `Bearer ${token}` } });
      await call("/api/user/repos");
      await waitFor(async () => (await call(`/api/repos/${PIPELINES}`)).status === 200, {
        what: "Drone to activate the repository",
        timeoutMs: 60_000,
      });
    });
    await watch.time("the bridge comes up by itself", async () => {
      const unsigned = { method: "POST", headers: { "content-type": "application/json" } };
      await waitFor(async () => (await fetch(`https://${DOMAIN}/hook`, unsigned)).status === 401, {
        what: "the bridge to refuse a webhook without a signature",
        timeoutMs: 120_000,
      });
    });
    await watch.time("cc-ci-host check, until the bridge has been up for a while", async () => {
      await waitFor(async () => (await host.command("cc-ci-host", "check")).code !== 3, {
        what: "nothing to be waited for",
        timeoutMs: 120_000,
        everyMs: 1_000,
      });
      await goesWell(host.command("cc-ci-host", "check"));
    });
    const webhook = (await goesWell(host.command("cat", "/etc/cc-ci/secrets/webhook_secret"))).trim();
    await forge.as("maintainer", "POST", `/orgs/${ORG}/hooks`, {
      type: "gitea",
      active: true,
      events: ["pull_request_comment"],
      config: { url: `https://${DOMAIN}/hook`, content_type: "json", secret: webhook },
    });
    const answers = (url: string) => fetch(url).then(({ status }) => status === 200, () => false);
    await watch.time("the dashboard answers", async () => {
      await waitFor(() => answers(`https://${DOMAIN}/healthz`), {
        what: "the dashboard to answer",
        timeoutMs: 60_000,
      });
    });

    const reply = await watch.time(
      "a pull request, and !testme by a member",
      () => testme(forge, { folder }),
    );
    const begun = await watch.time(
      "the bot answers",
      () => waitFor(reply, { what: "the bridge's comment", timeoutMs: 120_000 }),
    );
    const verdict = await watch.time("the run, until its verdict", () =>
      waitFor(async () => {
        const body = await reply();
        return body !== undefined && isVerdict(body) ? body : undefined;
      }, { what: "the verdict in the comment", timeoutMs: VERDICT_MS, everyMs: 500 }));
    Deno.stderr.writeSync(new TextEncoder().encode(watch.table()));

    const run = /\/runs\/([a-z0-9]+-[0-9]+)/.exec(begun)?.[1] ?? assert.fail(begun);
    const seen = runView.parse(await (await fetch(`https://${DOMAIN}/api/runs/${run}`)).json());
    assert.ok(showsOutcome(verdict, "passed"), `${verdict}\n${JSON.stringify(seen.result, null, 2)}`);
    assert.equal(seen.result?.result, "passed");
    assert.equal(seen.result?.level, 5);
    const page = await fetch(`https://${DOMAIN}/runs/${run}`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /custom-html/);
    const badge = await fetch(`https://${DOMAIN}/badge/custom-html.svg`);
    assert.equal(badge.status, 200);
    assert.match(await badge.text(), /<svg/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}, obstacle);

/** @returns what it printed */
async function goesWell(ending: ReturnType<EmptyHost["command"]>): Promise<string> {
  const { code, stdout, stderr } = await ending;
  assert.equal(code, 0, stdout + stderr);
  return stdout;
}
