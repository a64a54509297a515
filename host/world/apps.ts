import { join } from "node:path";
import * as z from "zod";
import { describeError } from "../../common/errors.ts";
import { exists, readIfThere, writeAtomically } from "../../common/files.ts";
import { type Abra, AbraError } from "../../harness/abra/abra.ts";
import { environmentOf } from "../../harness/app/settings.ts";
import { loadCompose } from "../../harness/recipe/compose.ts";
import type { Git } from "../../harness/recipe/git.ts";
import { stackOf } from "../../harness/run/names.ts";
import { StageFailure } from "../../harness/run/stage.ts";
import { decide } from "../../harness/swarm/converge.ts";
import { takeSnapshot } from "../../harness/swarm/snapshot.ts";
import { byLabel, type Swarm } from "../../harness/swarm/swarm.ts";
import { waitConverged } from "../../harness/swarm/wait_converged.ts";
import { HostError } from "../errors.ts";
import type { SeenApp, Services } from "../plan/seen.ts";
import { lookAtRecipe } from "./recipes.ts";
import { dockerService, servicesThere, servicesWanted } from "./shapes.ts";
import { readRoutes } from "./route_files.ts";

export interface AppWorld {
  swarm: Swarm;
  abra: Abra;
  git: Git;
  signal: AbortSignal;
  log(line: string): void;
}

/** Milliseconds that services get to run; images are pulled in them. */
const READY_MS = 600_000;

/** An app as abra's folder and Docker show it. */
export async function lookAtApp(
  world: AppWorld,
  { recipe, domain }: { recipe: string; domain: string },
): Promise<SeenApp> {
  const { swarm, abra, git } = world;
  const stack = stackOf(domain);
  const folder = abra.recipeFolder(recipe);
  const listed = await swarm.ask(
    "list services",
    () => swarm.docker.listServices(byLabel(stack)),
    z.array(dockerService),
  );
  const services = servicesThere(listed, stack);
  const label = (name: string) => services.app?.labels[`coop-cloud.${stack}.${name}`];
  const objects = await swarm.objects(stack);
  return {
    recipe: await lookAtRecipe(git, folder),
    settings: await readIfThere(abra.envFile(domain)),
    sample: await readIfThere(join(folder, ".env.sample")) ?? "",
    version: label("chaos") === "true" ? null : label("version") ?? null,
    services,
    secrets: objects.filter(({ kind }) => kind === "secret").map(({ name }) => name),
    waitingFor: listed.length === 0 ? null : await waitingFor(swarm, stack),
    routes: await readRoutes(swarm, stack),
  };
}

async function waitingFor(swarm: Swarm, stack: string): Promise<string | null> {
  const snapshot = await takeSnapshot(swarm, stack);
  const decision = decide(snapshot, snapshot.now);
  if (decision.state === "converged") return null;
  return decision.state === "waiting" ? decision.text : decision.failure.message;
}

/** The services that a recipe comes to with these settings. */
export async function modelOf(
  abra: Abra,
  { recipe, domain, settings }: { recipe: string; domain: string; settings: string },
): Promise<Services> {
  const root = await Deno.realPath(abra.recipeFolder(recipe));
  const stack = stackOf(domain);
  const compose = await loadCompose(root, environmentOf(settings, { root, stack }));
  if (compose.ok) return servicesWanted(compose, stack);
  throw new HostError("wrong", `Could not read the recipe "${recipe}": ${compose.file}: ${compose.message}`, {
    hint: "Take another version of it, by its name in the settings.",
  });
}

/** Writes an app's settings, which may hold secrets. */
export async function writeSettings(
  abra: Abra,
  { domain, text }: { domain: string; text: string },
): Promise<void> {
  await writeAtomically(abra.envFile(domain), text, { mode: 0o600 });
}

/** Makes the app, unless a call that was killed has made it. */
export async function newApp(
  abra: Abra,
  { domain, recipe, version }: { domain: string; recipe: string; version: string },
): Promise<void> {
  if (await exists(abra.envFile(domain))) return;
  await abra.prepare();
  await abra.newApp(recipe, { domain, version });
}

/** Waits until all services run as they should. @throws {HostError} not yet, with what they say */
export async function waitForApp({ swarm, signal, log }: AppWorld, stack: string): Promise<void> {
  try {
    await waitConverged(swarm, { stack, since: Date.now(), timeoutMs: READY_MS, log, signal });
  } catch (cause) {
    if (!(cause instanceof StageFailure)) throw cause;
    const said = cause.tail?.slice(-3).join("; ") ?? "";
    throw new HostError("not yet", `${describeError(cause)}${said === "" ? "" : `: ${said}`}`, {
      hint: `Look at "docker stack ps --no-trunc ${stack}" and at "docker service logs ${stack}_app".`,
      cause,
    });
  }
}

/** What abra and the client of Docker in it say when nobody answers them, as while Docker is started again. */
const AWAY = /cannot connect to the docker daemon|error during connect|connection refused|connection reset/i;

/** What abra refuses is for a person to put right, unless it took too long or nobody answered it. */
export async function byAbra<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (!(cause instanceof AbraError)) throw cause;
    if (cause.code === "abra.timeout") {
      throw new HostError("not yet", cause.message, { hint: "Start again; this host may be busy.", cause });
    }
    if ([cause.message, ...cause.lines].some((line) => AWAY.test(line))) {
      throw new HostError("not yet", cause.message, {
        hint: 'Start again once Docker answers: "systemctl status docker" shows how it is.',
        cause,
      });
    }
    const hint = cause.code === "abra.missing"
      ? 'Install abra, and name it in the setting "abra" where it is not on the PATH.'
      : 'abra said so; what it works with lies in the folder of the setting "abraDir".';
    throw new HostError("wrong", cause.message, { hint, cause });
  }
}
