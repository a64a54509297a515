import assert from "node:assert/strict";
import { isRoot } from "../local/host/host.ts";
import { onRealServices } from "./scene.ts";
import { DroneForge } from "./testing/drone_forge.ts";
import { ReconcileHost } from "./testing/reconcile_host.ts";

const obstacle = isRoot() ? null : "it starts a Docker Engine, which needs root";
const TRAEFIK = "traefik_ci_localhost";
const DRONE = "drone_ci_localhost";
const BOT = "backup-bot";
const GATEWAY = "172.18.0.1";

onRealServices(
  "a host is brought up, left alone, put right, killed half-way, and given a renewed certificate",
  async () => {
    await using host = await ReconcileHost.open();
    const { engine } = host;
    const early = await host.call("proxy");
    assert.deepEqual([early.code, early.outcome], [3, "not yet"], "the Swarm comes first");
    assert.deepEqual(await host.bring("swarm"), ["Make", "Write", "Make", "Make", "Make"]);
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
    assert.ok(!(await host.bring("backup-bot")).includes("Make"), "the next call goes on there");
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

onRealServices(
  "a host's Drone waits for its owner to log in, gets its settings, and is put right afterwards",
  async () => {
    const forgeUrl = DroneForge.url(GATEWAY);
    await using host = await ReconcileHost.open({
      forge: { url: forgeUrl, org: "recipe-maintainers" },
      drone: {},
    });
    const { engine } = host;
    await using forge = new DroneForge(host, GATEWAY);
    for (const name of ["drone_token", "drone_rpc_secret"]) await host.setSecret(name, `${name}-of-a-test`);
    for (const name of ["drone_client_id", "drone_client_secret"]) await host.setSecret(name, "none-yet");
    await host.bring("swarm");
    await host.bring("proxy");
    const away = await host.call("drone");
    assert.deepEqual([away.code, away.outcome, away.steps], [3, "not yet", []], away.said);
    assert.match(away.why, /The forge "http:.*" does not answer/);

    const app = await forge.start();
    await host.setSecret("drone_client_id", app.id);
    await host.setSecret("drone_client_secret", app.secret);
    await host.killedAt("drone", "Write");
    const first = await host.call("drone");
    assert.deepEqual([first.code, first.outcome], [3, "not yet"], first.said);
    // A short step may be done before the call is gone.
    assert.deepEqual(first.steps.filter((step) => step !== "Write").slice(0, 2), ["Deploy", "Wait"]);
    assert.match(first.why, /Drone does not know "cc-ci\/cc-ci". Log in at https:.* once as "cc-ci"/);
    await forge.logIn();
    const known = await host.call("drone");
    assert.deepEqual([known.code, known.steps], [3, []], known.said);
    assert.match(known.why, /"cc-ci\/cc-ci" is not active in Drone/);
    await forge.activate();
    assert.deepEqual(await host.bring("drone"), ["Set"]);
    assert.deepEqual(await host.bring("drone"), []);

    const deployed = ["Deploy", "Wait"];
    await host.updateService(`${DRONE}_app`, "--env-add", "DRONE_GITEA_SERVER=https://elsewhere.example.org");
    assert.deepEqual(await again(), deployed);
    await engine.docker("service", "rm", `${DRONE}_app`);
    assert.deepEqual(await again(), deployed);

    await host.setSecret("drone_rpc_secret", "another-rpc-secret");
    await host.killedAt("drone", "Deploy");
    assert.ok((await again()).includes("Remove"));
    const { stdout } = await host.inApp(DRONE, "cat", "/run/secrets/rpc_secret");
    assert.equal(stdout, "another-rpc-secret");
    assert.equal((await host.secretsOf(DRONE)).length, 2);

    await host.setSecret("drone_token", "another-token-of-the-bridge");
    assert.deepEqual(await again(), ["Write", "Deploy", "Wait"]);
    assert.deepEqual(await host.bring("all"), []);

    /** The steps of a call without those that wait for Drone, which may answer at once. */
    async function again(): Promise<string[]> {
      const steps = await host.bring("drone");
      return steps.filter((step, at) => step !== "Wait" || steps[at - 1] !== "Wait");
    }
  },
  obstacle,
);
