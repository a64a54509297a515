import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describeError } from "../common/errors.ts";
import { waitFor } from "../common/time.ts";
import { mayRestart, UNITS } from "../host/units.ts";
import { announcementOf, eventsOf } from "../dashboard/testing/story.ts";
import { BASE_DOMAIN } from "../local/host/paths.ts";
import { onRealServices } from "./scene.ts";
import { ensureDebian } from "./testing/debian.ts";
import { GATEWAY, HostMachine } from "./testing/host_machine.ts";
import { machineObstacle } from "./testing/machine.ts";

const DAEMONS = ["cc-ci-dashboard.service", "cc-ci-bridge.service", "cc-ci-runner.service"];
const ONESHOTS = ["swarm", "proxy", "drone", "backup-bot"];
/** Of the 10 points by which systemd says how much a unit is exposed. */
const MOST_EXPOSED = 2;

const obstacle = await machineObstacle() ??
  await ensureDebian().then(() => null, (error) => `there is no Debian to boot: ${describeError(error)}`);

/** One machine for all tests here. It comes up once, by the host's own program. */
let opened: Promise<HostMachine> | undefined;

async function openHost(): Promise<HostMachine> {
  const host = await HostMachine.open();
  try {
    // What is not ready is tried again after 15 s, which nobody here has to wait for.
    await host.machine.write(
      "/etc/systemd/system/cc-ci-.service.d/soon.conf",
      "[Service]\nRestartSec=100ms\n",
    );
    await host.machine.run("systemctl", "daemon-reload");
    await host.machine.run("systemctl", "start", "cc-ci.target");
    await host.untilActive(...DAEMONS);
    await host.startTraefik();
    return host;
  } catch (error) {
    await host[Symbol.asyncDispose]();
    throw error;
  }
}

Deno.test.afterAll(async () => await (await opened)?.[Symbol.asyncDispose]());

function onTheHost(
  name: string,
  work: (host: HostMachine) => Promise<void>,
  { program = "stand-in" }: { program?: "own" | "stand-in" } = {},
): void {
  onRealServices(name, async () => {
    const host = await (opened ??= openHost());
    await host.useProgram(program);
    await work(host);
  }, obstacle);
}

async function processes(host: HostMachine): Promise<Record<string, string>> {
  const pids = await Promise.all(DAEMONS.map((unit) => host.property(unit, "MainPID")));
  return Object.fromEntries(DAEMONS.map((unit, at) => [unit, pids[at] ?? ""]));
}

onTheHost("a host comes up with Docker, and dashboard and bridge answer through Traefik", async (host) => {
  const wanted = (await host.property("cc-ci.target", "Wants")).split(" ").sort();
  const reasons = /^cc-ci\.target$|^cc-ci-janitor\.service$/;
  assert.deepEqual(wanted, Object.keys(UNITS.units).filter((name) => !reasons.test(name)).sort());
  await host.untilActive("cc-ci.target", ...wanted.filter((name) => !ONESHOTS.includes(partOf(name))));
  assert.equal(await host.property("cc-ci-swarm.service", "Result"), "success");
  assert.match(await host.journal("cc-ci-swarm.service"), /Make a Swarm of this node[^]*as it should be/);
  // There is no abra here. Nobody but an operator can help that, and what has nothing to do with it runs.
  for (const part of ["proxy", "drone", "backup-bot"]) {
    assert.equal(await host.property(`cc-ci-${part}.service`, "ExecMainStatus"), "1");
    assert.equal(await host.property(`cc-ci-${part}.service`, "NRestarts"), "0");
    assert.match(await host.journal(`cc-ci-${part}.service`), /There is no abra at "abra"/);
  }
  await waitFor(async () => (await host.ask(`https://${BASE_DOMAIN}/healthz`)).status === 200, {
    what: "the dashboard to answer through Traefik",
    timeoutMs: 30_000,
    everyMs: 100,
  });
  assert.match((await host.ask(`https://${BASE_DOMAIN}/`)).body, /<html/);
  // The bridge refuses what is not signed by the secret that it has from its credential.
  const body = "{}";
  const signed = createHmac("sha256", host.secrets.webhook_secret ?? "").update(body).digest("hex");
  const deliver = async (signature: string) =>
    (await host.ask(
      `https://${BASE_DOMAIN}/hook`,
      ...["--data", body, "--header", "content-type: application/json", "--header", "x-gitea-event: push"],
      ...["--header", `x-gitea-signature: ${signature}`],
    )).status;
  assert.equal(await deliver(signed), 202);
  assert.equal(await deliver("0".repeat(64)), 401);
}, { program: "own" });

onTheHost(
  "the dashboard keeps what bridge and harness tell it, in the folder that systemd gives it",
  async (host) => {
    const told = { run: "abc123-1", recipe: "custom-html" };
    const page = `https://${BASE_DOMAIN}/api/runs/${told.run}`;
    const say = async (token: string | undefined, ...options: string[]) =>
      (await host.ask(options.pop() ?? page, "--header", `authorization: Bearer ${token}`, ...options))
        .status;
    const announcement = JSON.stringify(announcementOf(told));
    const { bridge_token, runner_token } = host.secrets;
    assert.equal(await say(bridge_token, "--request", "PUT", "--data", announcement, page), 201);
    const events = eventsOf(told, () => new Date().toISOString(), () => {});
    // What comes later is written to the files that the first has made.
    for (const [offset, some] of [[0, events.slice(0, 2)], [2, events.slice(2)]] as const) {
      const body = some.map((event) => `${JSON.stringify(event)}\n`).join("");
      assert.equal(await say(runner_token, "--data-binary", body, `${page}/events?offset=${offset}`), 200);
    }
    assert.equal(JSON.parse((await host.ask(page)).body).result.result, "passed");
  },
);

onTheHost(
  "the host's program waits for Docker, and does nothing where nothing is to be done",
  async (host) => {
    const { machine } = host;
    const before = await processes(host);
    const unit = "cc-ci-swarm.service";
    await machine.run("systemctl", "mask", "--runtime", "--now", "--quiet", "docker.service");
    const from = await machine.run("date", "+%s.%N");
    assert.equal((await machine.try(["systemctl", "start", unit])).success, false);
    await waitFor(async () => (await host.journal(unit, from)).split("status=3").length > 2, {
      what: "a second try without Docker",
      timeoutMs: 60_000,
      everyMs: 50,
    });
    assert.match(await host.journal(unit, from), /Could not ask Docker about itself/);
    await machine.run("systemctl", "unmask", "--runtime", "--quiet", "docker.service");
    await machine.run("systemctl", "start", "docker.service");
    await waitFor(async () => /nothing to do/.test(await host.journal(unit, from)), {
      what: "a try that finds Docker and its Swarm",
      timeoutMs: 60_000,
      everyMs: 50,
    });
    // Settings that nobody wrote come by no further try.
    await machine.run("mv", "/etc/cc-ci/host.json", "/etc/cc-ci/away.json");
    assert.equal((await machine.try(["systemctl", "start", unit])).success, false);
    assert.equal(await host.property(unit, "ExecMainStatus"), "2");
    assert.equal(await host.property(unit, "ActiveState"), "failed");
    await machine.run("mv", "/etc/cc-ci/away.json", "/etc/cc-ci/host.json");
    assert.deepEqual(await processes(host), before);
  },
  { program: "own" },
);

onTheHost(`bridge and dashboard are exposed less than ${MOST_EXPOSED} of 10 as they run`, async (host) => {
  for (const unit of ["cc-ci-dashboard.service", "cc-ci-bridge.service"]) {
    const threshold = `--threshold=${MOST_EXPOSED * 10}`;
    const { success, stdout } = await host.machine.try([
      "systemd-analyze",
      "security",
      "--no-pager",
      threshold,
      unit,
    ]);
    const score = /exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1] ?? assert.fail(stdout);
    Deno.stderr.writeSync(new TextEncoder().encode(`${unit}: exposure ${score} of 10\n`));
    assert.ok(success && Number(score) < MOST_EXPOSED, stdout);
    const user = await host.machine.run(
      "stat",
      "--format=%u",
      `/proc/${await host.property(unit, "MainPID")}`,
    );
    assert.ok(Number(user) > 60_000, `"${unit}" runs as ${user}, which is no user made for it`);
  }
});

onTheHost("secrets reach the programs by credentials alone", async (host) => {
  const { machine } = host;
  const key = await machine.run("cat", "/var/lib/cc-ci/host/inside-key.pem");
  const secrets = { ...host.secrets, inside_key: key };
  const places = {
    environments: "cat /proc/[0-9]*/environ",
    "command lines": "cat /proc/[0-9]*/cmdline",
    units: "systemctl show --all 'cc-ci*'; systemctl cat 'cc-ci*'; systemctl show-environment",
    journal: "journalctl --no-pager --output=export",
    "files that others may read":
      "find /etc /opt/cc-ci/programs /run /tmp /var -xdev -type f -perm /o+r ! -path '/var/lib/dpkg/*' -exec cat {} +",
  };
  /** What is there for sure, so that a place where nothing is found has been looked at. */
  const known = /cc-ci|CCCI_/;
  for (const [place, script] of Object.entries(places)) {
    const { stdout } = await machine.try(["sh", "-c", script], { maxBytes: 100_000_000 });
    assert.match(stdout, known, place);
    for (const [name, value] of Object.entries(secrets)) {
      const line = value.trim().split("\n").at(1) ?? value;
      assert.ok(!stdout.includes(line), `"${name}" stands in the ${place}`);
      assert.ok(!stdout.includes(btoa(value)), `"${name}" stands in the ${place}, encoded`);
    }
  }
  // Each sees what it needs, and not what another has; nobody else sees any of it.
  for (const unit of DAEMONS) {
    const folder = `/run/credentials/${unit}`;
    const there = (await machine.run("ls", folder)).split("\n").sort();
    const described = UNITS.units[unit]?.credentials.map(({ name }) => name).filter((name) =>
      name !== "status_token"
    );
    assert.deepEqual(there, described?.sort());
    const other = await machine.try([
      "setpriv",
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      "ls",
      folder,
    ]);
    assert.equal(other.success, false, other.stdout);
  }
  const dashboard = await host.property("cc-ci-dashboard.service", "MainPID");
  const root = `/proc/${dashboard}/root`;
  const seen = await machine.run("sh", "-c", `ls ${root}/run/credentials; ls ${root}/var/lib/private/cc-ci`);
  assert.doesNotMatch(seen, /cc-ci-bridge/);
});

onTheHost("a program that is killed comes back, and so does its answer", async (host) => {
  const before = await processes(host);
  const restarts = () =>
    Promise.all(DAEMONS.map(async (unit) => Number(await host.property(unit, "NRestarts"))));
  const earlier = await restarts();
  for (const unit of DAEMONS) await host.machine.run("systemctl", "kill", "--signal=KILL", unit);
  await waitFor(async () => {
    const now = await processes(host);
    return DAEMONS.every((unit) => now[unit] !== "0" && now[unit] !== before[unit]);
  }, { what: "programs to be started again", timeoutMs: 60_000, everyMs: 50 });
  await host.untilActive(...DAEMONS);
  assert.deepEqual(await restarts(), earlier.map((count) => count + 1));
  await waitFor(async () => (await host.ask(`https://${BASE_DOMAIN}/healthz`)).status === 200, {
    what: "the dashboard to answer again",
    timeoutMs: 30_000,
    everyMs: 100,
  });
});

onTheHost(
  "a second start looks at everything again, and restarts nothing",
  async (host) => {
    const before = await processes(host);
    const turns = (await host.turns()).length;
    // What the activation of a new system does with targets that are up.
    await host.machine.run("systemctl", "start", "multi-user.target");
    await host.machine.run("systemctl", "start", "cc-ci.target");
    const again = (await host.turns()).slice(turns);
    assert.deepEqual(new Set(again.map((line) => line.split(" ")[0])), new Set(ONESHOTS));
    assert.deepEqual(await processes(host), before);
  },
);

onTheHost("what is not ready is tried until it is; what is wrong is not, and stops nothing", async (host) => {
  const before = await processes(host);
  await host.tell("swarm", 3);
  const turns = (await host.turns()).length;
  await host.machine.try(["systemctl", "start", "--no-block", "cc-ci-swarm.service"]);
  const later = async () => (await host.turns()).slice(turns);
  await waitFor(async () => (await later()).filter((line) => line === "swarm ended 3").length >= 3, {
    what: "a third try",
    timeoutMs: 60_000,
    everyMs: 50,
  });
  await host.tell("swarm", 0);
  await waitFor(async () => (await later()).includes("swarm ended 0"), {
    what: "a try that succeeds",
    timeoutMs: 30_000,
    everyMs: 50,
  });
  for (const code of [1, 2]) {
    await host.tell("drone", code);
    const { success } = await host.machine.try(["systemctl", "start", "cc-ci-drone.service"]);
    assert.equal(success, false);
    assert.equal(await host.property("cc-ci-drone.service", "ActiveState"), "failed");
    assert.equal(await host.property("cc-ci-drone.service", "ExecMainStatus"), String(code));
    assert.equal(await host.property("cc-ci-drone.service", "NRestarts"), "0");
  }
  assert.deepEqual(await processes(host), before);
  await host.tell("drone", 0);
});

onTheHost("a renewed certificate is taken up, written anew or by a link that is swapped", async (host) => {
  const live = "/var/lib/ci-certs/live";
  const after = async (script: string) => {
    const turns = (await host.turns()).length;
    await host.machine.run("sh", "-c", script);
    await waitFor(async () => (await host.turns()).slice(turns).includes("proxy ended 0"), {
      what: `the proxy's turn after "${script}"`,
      timeoutMs: 30_000,
      everyMs: 50,
    });
    await waitFor(async () => await host.property("cc-ci-proxy.service", "ActiveState") === "inactive", {
      what: "the end of that turn",
      timeoutMs: 30_000,
      everyMs: 50,
    });
  };
  await after(`cp ${live}/fullchain.pem ${live}/new.pem && mv ${live}/new.pem ${live}/fullchain.pem`);
  await after(
    `mkdir ${live}/../1 && cp ${live}/fullchain.pem ${live}/../1 && ln -sfn ../1/fullchain.pem ${live}/fullchain.pem`,
  );
});

onTheHost(
  "other settings restart what they are for, and leave the runner to the builds it has",
  async (host) => {
    const before = await processes(host);
    const changed = await host.installUnits({ labels: "role:tests", pollSeconds: "45" });
    assert.deepEqual(changed.sort(), ["cc-ci-bridge.service", "cc-ci-runner.service"]);
    await host.machine.run("systemctl", "try-restart", ...changed.filter(mayRestart));
    await host.machine.run("systemctl", "start", "cc-ci.target");
    const after = await processes(host);
    assert.notEqual(after["cc-ci-bridge.service"], before["cc-ci-bridge.service"]);
    assert.equal(after["cc-ci-runner.service"], before["cc-ci-runner.service"]);
    assert.equal(after["cc-ci-dashboard.service"], before["cc-ci-dashboard.service"]);
    await host.untilActive(...DAEMONS);
  },
);

onTheHost(
  "the runner reads its secret from a file of its own, and hands the harness a name alone",
  async (host) => {
    const settings = await host.machine.run(
      "sh",
      "-c",
      "stat -c %a /run/cc-ci-runner/settings.env; cat /run/cc-ci-runner/settings.env",
    );
    assert.equal(settings, `600\nDRONE_RPC_SECRET='${host.secrets.drone_rpc_secret}'`);
    const token = await host.machine.run("cat", "/run/credentials/cc-ci-runner.service/runner_token");
    assert.equal(token, host.secrets.runner_token);
    const environment = await host.property("cc-ci-runner.service", "Environment");
    assert.match(
      environment,
      /CCCI_RUNNER_TOKEN_FILE:\/run\/credentials\/cc-ci-runner\.service\/runner_token/,
    );
  },
);

onTheHost("services of the host have no other door than the gateway's address", async (host) => {
  const plain = await host.machine.try([
    "curl",
    "--silent",
    "--max-time",
    "5",
    `http://${GATEWAY}:3181/healthz`,
  ]);
  assert.equal(plain.stdout, "");
  const elsewhere = await host.machine.try([
    "curl",
    "--silent",
    "--max-time",
    "5",
    "http://127.0.0.1:3181/healthz",
  ]);
  assert.equal(elsewhere.code, 7, "refused");
});

function partOf(unit: string): string {
  return unit.replace(/^cc-ci-(.*)\.service$/, "$1");
}
