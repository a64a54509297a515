import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { describeError } from "../common/errors.ts";
import { execOk } from "../common/exec.ts";
import { waitFor } from "../common/time.ts";
import { bundlePrograms } from "../programs/bundle.ts";
import { ownHome } from "../programs/start.ts";
import { ensureDroneRunner } from "../local/drone/programs.ts";
import { pathsFromEnvironment } from "../local/host/paths.ts";
import { silentProgress } from "../local/host/progress.ts";
import { ensureSops } from "../local/secrets/sops_program.ts";
import { onRealServices } from "./scene.ts";
import { copyTree } from "./testing/copy_tree.ts";
import { ensureDebian, HOST_PACKAGES } from "./testing/debian.ts";
import { GATEWAY, STAND_IN, TURNS, writeInsideCertificate } from "./testing/host_machine.ts";
import { Machine, machineObstacle } from "./testing/machine.ts";

const CHECKOUT = "/srv/cc-ci";
const DENO_DIR = "/srv/deno-dir";
const CACHE = "/srv/cache";
const PROGRAMS = "/srv/programs";

const obstacle = await machineObstacle() ??
  await ensureDebian(HOST_PACKAGES).then(
    () => null,
    (error) => `there is no Debian to boot: ${describeError(error)}`,
  );

/** A Debian with this checkout, and nothing of cc-ci installed. */
async function freshMachine(folder: string): Promise<Machine> {
  const paths = pathsFromEnvironment();
  const context = { paths, progress: silentProgress, signal: new AbortController().signal };
  const [runner, sops] = [await ensureDroneRunner(context), await ensureSops(context)];
  const bundles = join(folder, "programs");
  await bundlePrograms(bundles, { repo: ownHome().folder });
  const { stdout } = await execOk([Deno.execPath(), "info", "--json"]);
  const machine = await Machine.boot({
    root: await ensureDebian(HOST_PACKAGES),
    binds: {
      [CHECKOUT]: paths.repo,
      [DENO_DIR]: JSON.parse(stdout).denoDir,
      [`${CACHE}/bin/${basename(runner)}`]: runner,
      "/usr/local/bin/deno": Deno.execPath(),
      "/usr/local/bin/sops": sops,
    },
  });
  await copyTree(bundles, machine.path(PROGRAMS));
  // There is no Docker in it, so a program that is told how to end stands for the host's own.
  await machine.write(`${PROGRAMS}/host.js`, STAND_IN);
  await Deno.mkdir(machine.path(TURNS));
  await machine.onNetwork("ip", "address", "add", `${GATEWAY}/32`, "dev", "lo");
  return machine;
}

/** `./cc-ci` there. */
async function ccCi(machine: Machine, ...args: string[]) {
  const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  return await machine.try([`${CHECKOUT}/cc-ci`, ...args], {
    env: { PATH, HOME: "/root", DENO_DIR, CCCI_CACHE: CACHE, EDITOR: "/root/editor", NO_COLOR: "1" },
    timeoutMs: 180_000,
  });
}

async function whatIsThere(machine: Machine): Promise<string> {
  const folders = ["/etc", "/opt", "/usr/local", "/var/lib"].join(" ");
  return await machine.run(
    "sh",
    "-c",
    `find ${folders} -path /var/lib/systemd -prune -o -printf '%p %y %m %l\\n' | sort`,
  );
}

/** What the stand-in for the host's program noted. */
async function turns(machine: Machine): Promise<string[]> {
  const text = await Deno.readTextFile(machine.path(`${TURNS}/log`)).catch(() => "");
  return text.trim().split("\n");
}

async function pid(machine: Machine, unit: string): Promise<string> {
  return await machine.run("systemctl", "show", "--value", "--property=MainPID", unit);
}

/** Files of `/proc` by which runners are seen, whether systemd knows them or not. */
async function runners(machine: Machine): Promise<string> {
  return (await machine.try(["find", "/proc", "-maxdepth", "2", "-lname", "*/drone-runner-exec*"])).stdout;
}

onRealServices(
  "a Debian becomes a host by ./cc-ci install, which a second call leaves alone and uninstall undoes",
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "cc-ci-install-" });
    try {
      await using machine = await freshMachine(folder);
      const bare = await ccCi(machine, "install");
      assert.equal(bare.code, 2, bare.stderr);
      assert.match(bare.stderr, /^Could not install: there is no "\/etc\/cc-ci\/host\.json"/);
      await machine.write(
        "/etc/cc-ci/host.json",
        JSON.stringify({
          domain: "ci.example.org",
          forge: { url: "https://git.example.org", org: "recipe-maintainers" },
          drone: { commit: "d".repeat(40) },
        }),
      );
      await machine.run("mv", "/usr/bin/certutil", "/usr/bin/certutil.away");
      const unready = await ccCi(machine, "install");
      assert.equal(unready.code, 2);
      const lacks = unready.stderr.split("\n");
      assert.equal(lacks[0], "Could not install: this machine is not ready");
      assert.match(lacks[1] ?? "", /^Docker does not run: /);
      assert.match(lacks[2] ?? "", /^abra is not there: /);
      assert.match(lacks[3] ?? "", /^Programs are missing .*"apt-get install libnss3-tools"/);
      const configuration = /^Docker would give .*: (\{.*\})$/.exec(lacks[4] ?? "")?.[1] ??
        assert.fail(lacks[4]);
      await machine.run("mv", "/usr/bin/certutil.away", "/usr/bin/certutil");
      await machine.write("/etc/docker/daemon.json", configuration);

      await machine.run(
        "systemd-run",
        "--quiet",
        "--unit=docker-stand-in",
        "--socket-property=ListenStream=/run/docker.sock",
        "true",
      );
      await machine.write("/usr/local/bin/abra", "#!/bin/sh\n", 0o755);
      const key = join(folder, "key");
      await execOk(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
      await machine.write("/etc/ssh/ssh_host_ed25519_key", await Deno.readTextFile(key), 0o600);
      await machine.write("/etc/ssh/ssh_host_ed25519_key.pub", await Deno.readTextFile(`${key}.pub`));
      assert.equal((await ccCi(machine, "secrets", "new")).code, 0);
      const without = await ccCi(machine, "install");
      assert.equal(without.code, 1);
      assert.match(
        without.stderr,
        /^Could not install: the host lacks secrets: forge_token, drone_client_id, drone_client_secret\n/,
      );
      const fill =
        `sed -i 's/^\\(forge_token\\|drone_client_id\\|drone_client_secret\\): .*/\\1: given/' "$1"`;
      await machine.write("/root/editor", `#!/bin/sh\n${fill}\n`, 0o755);
      assert.equal((await ccCi(machine, "secrets", "edit")).code, 0);
      assert.equal((await ccCi(machine, "secrets", "check")).code, 0);

      const before = await whatIsThere(machine);
      const dry = await ccCi(machine, "install", "--programs", PROGRAMS, "--dry-run");
      assert.equal(dry.code, 0, dry.stderr);
      assert.match(dry.stdout, /^Would write \/etc\/systemd\/system\/cc-ci-bridge\.service$/m);
      assert.equal(await whatIsThere(machine), before);

      // Where something is wrong nothing is started.
      const started = async (unit: string) =>
        await waitFor(async () => (await machine.try(["systemctl", "is-active", unit])).success, {
          what: `"${unit}" to be active`,
          ...{ timeoutMs: 60_000, everyMs: 50 },
        });
      await machine.write(`${TURNS}/all`, "1");
      const wrong = await ccCi(machine, "install", "--programs", PROGRAMS);
      assert.equal(wrong.code, 1, wrong.stderr);
      assert.match(wrong.stdout, /then start "\.\/cc-ci install" again: it goes on there/);
      assert.equal(await pid(machine, "cc-ci-dashboard.service"), "0");
      // Where nobody has logged in to Drone yet, everything else is, and Drone's unit goes on by itself.
      await writeInsideCertificate(machine, folder);
      await machine.write(`${TURNS}/all`, "3");
      await machine.write(`${TURNS}/drone`, "3");
      const early = await ccCi(machine, "install", "--programs", PROGRAMS);
      assert.equal(early.code, 3, early.stderr);
      assert.match(early.stdout, /^Everything is started that does not need what is said above\./m);
      for (const unit of ["cc-ci-dashboard.service", "cc-ci-bridge.service"]) await started(unit);
      await waitFor(async () => (await turns(machine)).includes("drone ended 3"), {
        what: "Drone's unit to try",
        ...{ timeoutMs: 60_000, everyMs: 50 },
      });
      await machine.write(`${TURNS}/drone`, "0");
      await waitFor(async () => (await turns(machine)).includes("drone ended 0"), {
        what: "Drone's unit to try again",
        ...{ timeoutMs: 60_000, everyMs: 50 },
      });
      await machine.write(`${TURNS}/all`, "0");
      const first = await ccCi(machine, "install", "--programs", PROGRAMS);
      assert.equal(first.code, 0, first.stderr);
      for (
        const unit of [
          "cc-ci.target",
          "cc-ci-dashboard.service",
          "cc-ci-bridge.service",
          "cc-ci-janitor.timer",
        ]
      ) {
        await started(unit);
      }
      await waitFor(
        async () => (await machine.try(["curl", "-skf", `https://${GATEWAY}:3181/healthz`])).success,
        {
          what: "the dashboard to answer",
          ...{ timeoutMs: 60_000, everyMs: 50 },
        },
      );

      const units = ["cc-ci-dashboard.service", "cc-ci-bridge.service", "cc-ci-runner.service"];
      const processes = () => Promise.all(units.map((unit) => pid(machine, unit)));
      const running = await processes();
      assert.notEqual(await runners(machine), "");
      const installed = await whatIsThere(machine);
      const second = await ccCi(machine, "install", "--programs", PROGRAMS);
      assert.equal(second.code, 0, second.stderr);
      assert.match(
        second.stdout,
        /^Every file is as it should be\nEverything is in "\/etc\/cc-ci\/secrets" as it should be$/m,
      );
      assert.deepEqual(await processes(), running);
      assert.equal(await whatIsThere(machine), installed);

      // A new version of a program reaches what may be started again, and a run goes on.
      const dashboard = await Deno.readTextFile(machine.path(`${PROGRAMS}/dashboard.js`));
      await machine.write(`${PROGRAMS}/dashboard.js`, `${dashboard}// newer\n`);
      const newer = await ccCi(machine, "install", "--programs", PROGRAMS);
      assert.equal(newer.code, 0, newer.stderr);
      assert.match(newer.stdout, /^Written: 1 file in \/opt\/cc-ci\/programs$/m);
      const [ofDashboard, ofBridge, ofRunner] = await processes();
      assert.notEqual(ofDashboard, running[0]);
      assert.notEqual(ofBridge, running[1]);
      assert.equal(ofRunner, running[2]);

      const inUse = await ccCi(machine, "uninstall");
      assert.equal(inUse.code, 2, inUse.stderr);
      assert.match(
        inUse.stderr,
        /^Could not uninstall: Docker starts containers by "\/opt\/cc-ci\/programs\//,
      );
      assert.deepEqual(await processes(), [ofDashboard, ofBridge, ofRunner]);
      await machine.write("/etc/docker/daemon.json", "{}");
      const wouldGo = await ccCi(machine, "uninstall", "--dry-run");
      assert.equal(wouldGo.code, 0, wouldGo.stderr);
      assert.match(wouldGo.stdout, /^Would remove .*cc-ci/m);
      assert.deepEqual(await processes(), [ofDashboard, ofBridge, ofRunner]);
      // Without Drone there is no runner, and what the host has no more does not run on.
      await machine.write(
        "/etc/cc-ci/host.json",
        JSON.stringify({
          domain: "ci.example.org",
          forge: { url: "https://git.example.org", org: "recipe-maintainers" },
        }),
      );
      await machine.write("/etc/docker/daemon.json", configuration);
      const alone = await ccCi(machine, "install", "--programs", PROGRAMS);
      assert.equal(alone.code, 0, alone.stderr);
      assert.match(alone.stdout, /^Removed: \/etc\/systemd\/system\/cc-ci-runner\.service$/m);
      assert.deepEqual([await pid(machine, "cc-ci-runner.service"), await runners(machine)], ["0", ""]);
      await machine.write("/etc/docker/daemon.json", "{}");
      const gone = await ccCi(machine, "uninstall");
      assert.equal(gone.code, 0, gone.stderr);
      assert.match(gone.stdout, /^Kept: \/var\/lib\/cc-ci$/m);
      assert.equal((await machine.try(["systemctl", "cat", "cc-ci-bridge.service"])).success, false);
      assert.equal(
        (await machine.try(["find", "/proc", "-maxdepth", "2", "-lname", "/opt/cc-ci/*"])).stdout,
        "",
      );
      const purged = await ccCi(machine, "uninstall", "--purge");
      assert.equal(purged.code, 0, purged.stderr);
      const others = (text: string) => text.split("\n").filter((line) => !/\/cc-ci/.test(line));
      const after = await whatIsThere(machine);
      assert.deepEqual(others(after), others(before));
      assert.deepEqual(after.split("\n").filter((line) => /\/cc-ci/.test(line)), []);

      // The same machine as a further host, which has a runner of another host's Drone, and none of its services.
      await machine.write(
        "/etc/cc-ci/host.json",
        JSON.stringify({
          ...{
            domain: "two.example.org",
            name: "second",
            runnerOf: { domain: "ci.example.org", repository: "cc-ci/cc-ci" },
          },
          forge: { url: "https://git.example.org", org: "recipe-maintainers" },
        }),
      );
      await machine.write("/etc/docker/daemon.json", configuration);
      const unsecret = await ccCi(machine, "install", "--programs", PROGRAMS);
      assert.equal(unsecret.code, 1);
      assert.match(unsecret.stderr, /the host lacks secrets: runner_token, drone_rpc_secret\n/);
      for (const name of ["runner_token", "drone_rpc_secret"]) {
        await machine.write(`/etc/cc-ci/secrets/${name}`, "of the first host\n", 0o600);
      }
      const further = await ccCi(machine, "install", "--programs", PROGRAMS);
      assert.equal(further.code, 0, further.stderr);
      await started("cc-ci-runner.service");
      const environment = await machine.run(
        "systemctl",
        "show",
        "--property=Environment",
        "cc-ci-runner.service",
      );
      for (
        const said of [
          ...["DRONE_RPC_HOST=drone.ci.example.org", "DRONE_RUNNER_NAME=second"],
          ...["CCCI_DASHBOARD_URL=https://ci.example.org", "CCCI_BASE_DOMAIN=two.example.org"],
        ]
      ) assert.ok(environment.includes(said), said);
      for (const unit of ["cc-ci-dashboard.service", "cc-ci-bridge.service", "cc-ci-drone.service"]) {
        assert.equal((await machine.try(["systemctl", "cat", unit])).success, false, unit);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
  obstacle,
);
