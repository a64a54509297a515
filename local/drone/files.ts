import { join } from "node:path";
import { DRONE_HOST, type Paths } from "../host/paths.ts";

/** Where people see Drone. */
export const DRONE_URL = `https://${DRONE_HOST}`;
/** Account on the forge that owns the pipelines' repository, and that repository. It may do nothing else there. */
export const OWNER = "cc-ci";
export const PIPELINES = `${OWNER}/cc-ci`;
export const BRANCH = "main";

export function droneFiles(paths: Paths) {
  const root = join(paths.state, "drone");
  const daemon = (name: string) => ({
    // In a folder that only its owner may enter: Drone writes the bridge's token to its log.
    log: join(root, `${name}.log`),
    pidFile: join(paths.state, "pids", `${name}.json`),
    mark: join(paths.state, "pids", `${name}.fingerprint`),
  });
  return {
    root,
    secrets: join(root, "secrets.json"),
    database: join(root, "drone.sqlite"),
    /** What `.drone.yml` of this stack starts. */
    harness: join(root, "cc-ci-harness"),
    /** Workspaces of builds. */
    work: join(root, "work"),
    /** Environment of every step. */
    stepEnv: join(root, "steps.env"),
    daemon,
    server: daemon("drone"),
    runner: daemon("drone-runner"),
  };
}
