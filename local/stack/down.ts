import { removeBackupBot } from "../backup_bot/service.ts";
import { dropBuildScratch, stopBuilds } from "../host/build.ts";
import { stopDrone, stopRunner } from "../drone/daemons.ts";
import { exists } from "../../common/files.ts";
import { type Docker, engineAnswers, engineClient, orNothing } from "../docker/client.ts";
import { engineDied, ensureEngine, ownEngine, stopEngine } from "../docker/own_engine.ts";
import { stopGitea } from "../gitea/gitea.ts";
import { removeImages } from "../images/mod.ts";
import { lockStack } from "./lock.ts";
import { OURS, type Paths, pathsFromEnvironment } from "../host/paths.ts";
import { inStep, type Progress } from "../host/progress.ts";
import { stopService } from "./services.ts";
import { isOurs, PROXY } from "../docker/swarm.ts";
import { removeNetwork, stopRuns, sweepApps } from "./sweep_runs.ts";
import { stopRelay } from "../traefik/relay_process.ts";
import { removeTraefik, traefikOwner } from "../traefik/traefik.ts";

/**
 * Takes the stack down. Afterwards no process, container, network, volume, mount or file of ours is left outside the
 * cache; what was there before it is as it was. Built programs, images of our own engine and run folders stay.
 */
export async function stopStack(
  { progress, signal }: { progress: Progress; signal?: AbortSignal },
): Promise<void> {
  const paths = pathsFromEnvironment();
  using _lock = await lockStack(paths, { progress, signal });
  await inStep(progress, "Bridge and dashboard", async (step) => {
    const bridge = await stopService(paths, "bridge");
    await stopRunner(paths); // a runner starts the next waiting build as soon as the run under way ends
    const runs = await stopRuns(paths);
    const dashboard = await stopService(paths, "dashboard");
    const ended = runs > 0 ? `stopped, ${runs} processes of test runs ended` : "stopped";
    step.done(bridge || dashboard || runs > 0 ? ended : "not running");
  });
  if (await stopDrone(paths)) progress.note("Drone stopped");
  await inStep(
    progress,
    "Gitea",
    async (step) => step.done(await stopGitea(paths) ? "stopped" : "not running"),
  );
  await stopRelay(paths);
  const docker = engineClient();
  if (await engineDied(paths) && await engineAnswers(docker) === "no") {
    // Services and volumes lie on the engine's data root, and the next start would bring them back.
    await inStep(progress, "Docker Engine that died", async (step) => {
      await ensureEngine({ paths, step, progress, signal: signal ?? new AbortController().signal });
    })
      .catch(async () => await discardEngineData(paths));
  }
  if (await engineAnswers(docker) === "yes") {
    const owner = await traefikOwner(docker);
    if (owner === undefined || owner === paths.cache) await emptyEngine(docker, { paths, progress });
    else progress.note(`A stack with its cache at "${owner}" runs in this engine: left alone`);
  }
  await inStep(
    progress,
    "Docker Engine",
    async (step) => step.done(await stopEngine(paths) ? "stopped" : "none of ours"),
  );
  if (await exists(paths.state)) await Deno.remove(paths.state, { recursive: true });
  await stopBuilds(paths);
  await dropBuildScratch(paths);
}

/** Removes the data of an engine that cannot be started to be emptied. Its images have to be made again. */
async function discardEngineData(paths: Paths): Promise<void> {
  await stopEngine(paths);
  await Deno.remove(paths.engineData, { recursive: true });
}

async function emptyEngine(
  docker: Docker,
  { paths, progress }: { paths: Paths; progress: Progress },
): Promise<void> {
  const engineIsOurs = ownEngine(paths) !== undefined;
  const info = await docker.info();
  if (info.Swarm?.LocalNodeState === "active") {
    await inStep(
      progress,
      "Backup bot",
      async (step) =>
        step.done(await removeBackupBot(docker) ? "stopped, its snapshots removed" : "not running"),
    );
    await inStep(progress, "Traefik and apps", async (step) => {
      const traefik = await removeTraefik(docker);
      const removed = await sweepApps(docker, { everything: engineIsOurs });
      step.done(
        [traefik ? "stopped" : "not running", ...removed.map((what) => `removed ${what}`)].join(", "),
      );
    });
    await inStep(progress, "Swarm", async (step) => {
      const proxy = await orNothing(docker.getNetwork(PROXY).inspect());
      if (proxy?.Labels?.[OURS] === paths.cache) await removeNetwork(docker, proxy.Id);
      // In an engine of our own it is ours also where the host's program made it.
      const ours = engineIsOurs || await isOurs(docker, paths);
      if (ours) await docker.swarmLeave({ force: true });
      step.done(ours ? "left" : "not ours, still there");
    });
  } else if (engineIsOurs && info.Swarm?.LocalNodeState !== "inactive") {
    await docker.swarmLeave({ force: true });
  }
  if (!engineIsOurs) {
    const removed = await removeImages({ progress, cache: paths.cache });
    if (removed.length > 0) progress.note(`Images made here and removed again: ${removed.join(", ")}`);
  }
  const bridge = await orNothing(docker.getNetwork("docker_gwbridge").inspect());
  if (bridge !== undefined && (engineIsOurs || bridge.Labels?.[OURS] === paths.cache)) {
    await removeNetwork(docker, bridge.Id);
  }
}
