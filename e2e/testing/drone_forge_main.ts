/**
 * A forge for a Drone in a container, where the engine publishes its ports: `nsenter` starts this there.
 *
 *     drone_forge_main.ts start|log-in|activate FOLDER GATEWAY CA
 *
 * `start` leaves Gitea running with the pipelines' owner and Drone as their OAuth application, and prints what Drone has
 * to know of it. `log-in` logs that owner in at Drone as a browser would; `activate` has them activate the repository.
 */
import { join } from "node:path";
import { serviceFetch } from "../../common/ingress.ts";
import { waitFor } from "../../common/time.ts";
import { DRONE_URL, OWNER, PIPELINES } from "../../local/drone/files.ts";
import { ensureOwner, ensurePipelines, registerApp } from "../../local/drone/forge.ts";
import { logIn } from "../../local/drone/login.ts";
import { forgeApi } from "../../local/gitea/api.ts";
import { ensureGitea, ensureGiteaProgram } from "../../local/gitea/gitea.ts";
import { ensureCredentials } from "../../local/host/accounts.ts";
import {
  BASE_DOMAIN,
  INGRESS,
  type Paths,
  pathsBelow,
  pathsFromEnvironment,
  PORTS,
} from "../../local/host/paths.ts";
import { silentProgress } from "../../local/host/progress.ts";

const [what = "", folder = "", gateway = "", ca = ""] = Deno.args;
const step = { update() {}, done() {}, fail() {} };
const shared = pathsFromEnvironment();
const paths: Paths = { ...pathsBelow(folder), bin: shared.bin, build: shared.build };
const known = join(folder, "forge.json");

async function start(): Promise<void> {
  const signal = new AbortController().signal;
  const program = await ensureGiteaProgram({ paths: shared, progress: silentProgress, signal });
  const { admin } = (await ensureCredentials(paths)).accounts;
  await ensureGitea({ paths, step, gateway, program, admin });
  const password = crypto.randomUUID();
  await ensureOwner(gateway, { admin, password });
  const asOwner = forgeApi(gateway, { name: OWNER, password });
  const app = await registerApp(asOwner);
  await ensurePipelines(asOwner, "kind: pipeline\ntype: exec\nname: none\nsteps: []\n");
  await Deno.writeTextFile(known, JSON.stringify({ password, clientId: app.id }));
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(app)));
}

async function asOwner() {
  const { password, clientId } = JSON.parse(await Deno.readTextFile(known));
  const ingress = { address: INGRESS, ca: await Deno.readTextFile(ca) };
  const fetch = serviceFetch({ base: BASE_DOMAIN, ingress });
  const forge = `http://${gateway}:${PORTS.gitea}`;
  const token = await logIn({ forge, drone: DRONE_URL, user: { name: OWNER, password }, clientId, fetch });
  const call = async (path: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${DRONE_URL}${path}`, { method: "POST", headers });
    await answer.body?.cancel();
    return answer.status;
  };
  // Drone reads the owner's repositories on its own after a log-in; asked, it answers when it has.
  await waitFor(async () => await call("/api/user/repos") === 200, {
    what: "Drone to read the owner's repositories",
    timeoutMs: 60_000,
  });
  return { call };
}

if (what === "start") await start();
if (what === "log-in") await asOwner();
if (what === "activate") {
  const { call } = await asOwner();
  await waitFor(async () => await call(`/api/repos/${PIPELINES}`) === 200, {
    what: "Drone to activate the repository",
    timeoutMs: 60_000,
  });
}
