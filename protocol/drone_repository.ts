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
