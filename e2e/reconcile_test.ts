import assert from "node:assert/strict";
import { isRoot } from "../local/host/host.ts";
import { onRealServices } from "./scene.ts";
import { ReconcileHost } from "./testing/reconcile_host.ts";

const obstacle = isRoot() ? null : "it starts a Docker Engine, which needs root";
const TRAEFIK = "traefik_ci_localhost";
const BOT = "backup-bot";

onRealServices(
  "a host is brought up, left alone, put right, killed half-way, and given a renewed certificate",
  async () => {
    await using host = await ReconcileHost.open();
    const { engine } = host;
    const early = await host.call("proxy");
    assert.deepEqual([early.code, early.outcome], [3, "not yet"], "the Swarm comes first");
    assert.deepEqual(await host.bring("swarm"), ["Make", "Make", "Make", "Make"]);
    assert.deepEqual(await host.bring("swarm"), []);
    await host.bring("proxy");
    await host.proxyAnswers();
    assert.deepEqual(await host.bring("all"), [], "a second call finds nothing to do");

    await host.updateService(`${TRAEFIK}_app`, "--env-add", "LOG_LEVEL=DEBUG");
    assert.deepEqual(await host.bring("proxy"), ["Deploy", "Wait"]);
    await engine.docker("service", "rm", `${TRAEFIK}_app`);
    assert.deepEqual(await host.bring("proxy"), ["Deploy", "Wait"]);
    await host.proxyAnswers();

    await host.renewCertificate();
    await host.killedAt("proxy", "Deploy");
    const steps = await host.bring("proxy");
    assert.deepEqual(steps.slice(-2), ["Remove", "Remove"], "of what was replaced nothing stays");
    await host.proxyAnswers();
    assert.equal((await host.secretsOf(TRAEFIK)).length, 2);
    assert.deepEqual(await host.bring("all"), []);
  },
  obstacle,
);

onRealServices(
  "a host's backup bot keeps its snapshots whatever becomes of it, and however its password changes",
  async () => {
    await using host = await ReconcileHost.open({ backupBot: {} });
    const { engine } = host;
    await host.bring("swarm");
    const bare = await host.call("backup-bot");
    assert.deepEqual([bare.code, bare.outcome], [1, "wrong"], bare.said);
    assert.match(bare.why, /The secret "restic_password" is missing or empty/);
    await host.setSecret("restic_password", "the-first-password");

    await host.killedAt("backup-bot", "Deploy");
    assert.deepEqual(await host.bring("backup-bot"), ["Deploy", "Wait"], "the next call goes on there");
    assert.deepEqual(await host.bring("backup-bot"), []);
    const config = async () => {
      const { success, stdout, stderr } = await host.inApp(BOT, "restic", "cat", "config");
      assert.ok(success, stderr);
      return stdout;
    };
    const repository = await config();

    await host.updateService(`${BOT}_app`, "--env-add", "RESTIC_REPOSITORY=/tmp/elsewhere");
    assert.deepEqual(await host.bring("backup-bot"), ["Deploy", "Wait"]);
    await engine.docker("service", "rm", `${BOT}_app`);
    assert.deepEqual(await host.bring("backup-bot"), ["Deploy", "Wait"]);
    assert.equal(await config(), repository, "its repository is the one it had");

    await host.setSecret("restic_password", "another-password");
    await host.killedAt("backup-bot", "Wait");
    assert.equal((await host.bring("backup-bot")).at(-1), "Remove");
    assert.equal(await config(), repository, "and the new password opens it");
    assert.equal((await host.secretsOf(BOT)).length, 1);
    assert.deepEqual(await host.bring("backup-bot"), []);

    // All that abra knew is lost; what runs is taken over.
    await Deno.remove(host.at("abra"), { recursive: true });
    assert.deepEqual(await host.bring("backup-bot"), ["Fetch", "Make", "Write"]);
    assert.deepEqual(await host.bring("backup-bot"), []);
  },
  obstacle,
);
