import { engineAnswers, engineClient } from "../../local/docker/client.ts";
import { ownEngine } from "../../local/docker/own_engine.ts";
import { pathsFromEnvironment } from "../../local/host/paths.ts";

/** Why a test may not stop the engine that runs here; null where it may. One that does not run is started by us. */
export async function foreignEngine(): Promise<string | null> {
  const foreign = ownEngine(pathsFromEnvironment()) === undefined &&
    await engineAnswers(engineClient()) === "yes";
  return foreign ? "Docker here was not started by this project, and its owner would mind" : null;
}
