/** Minutes after which Drone ends a build. The harness ends its runs before that. */
export const BUILD_MINUTES = 60;

/**
 * How the repository whose `.drone.yml` runs the harness is set in Drone: whoever brings Drone up sets it so, and the
 * bridge relies on it. `timeout` is for Drone's admin alone to set.
 */
export const pipelinesRepository = {
  visibility: "public",
  protected: false,
  trusted: false,
  ignore_forks: true,
  ignore_pull_requests: true,
  config_path: ".drone.yml",
  timeout: BUILD_MINUTES,
} as const;

/** What of it a repository in Drone has otherwise, each setting with the value that it has to get. */
export function othersThanPipelines(
  found: Readonly<Record<string, unknown>>,
): [name: string, wanted: unknown][] {
  return Object.entries(pipelinesRepository).filter(([name, wanted]) => found[name] !== wanted);
}
