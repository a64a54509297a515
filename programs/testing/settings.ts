/** Settings by which the dashboard starts. @param state its folder */
export function dashboardSettings(state: string) {
  return {
    CCCI_STATE: state,
    CCCI_LISTEN: "127.0.0.1:3181",
    CCCI_DASHBOARD_URL: "https://ci.example.org",
    CCCI_BRIDGE_TOKEN: "a-token-of-the-bridge",
    CCCI_RUNNER_TOKEN: "a-token-of-the-runner",
  };
}

/** Settings by which the bridge starts. @param state its folder */
export function bridgeSettings(state: string) {
  return {
    CCCI_STATE: state,
    CCCI_FORGE_URL: "https://git.example.org",
    CCCI_FORGE_TOKEN: "a-token-of-the-forge",
    CCCI_MEMBERS_ORG: "recipe-maintainers",
    CCCI_ENGINE: "drone",
    CCCI_DRONE_URL: "https://git.example.org",
    CCCI_DRONE_TOKEN: "a-token-of-drone",
    CCCI_DRONE_COMMIT: "d".repeat(40),
  };
}
