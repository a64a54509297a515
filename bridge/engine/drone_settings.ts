import { BUILD_MINUTES, pipelinesRepository } from "../../protocol/drone_repository.ts";
import { account, type DroneApi, repoSettings } from "./drone_api.ts";

/** What of Drone's settings would do harm, a sentence each that says what to do. */
export async function droneProblems(
  api: DroneApi,
  { repo, url }: { repo: string; url: string },
): Promise<string[]> {
  const settings = await api.call({ method: "GET", path: "" });
  if (!settings.ok) {
    if (settings.status === 401) {
      return ["Drone does not know the token: set CCCI_DRONE_TOKEN to the bridge's"];
    }
    if (settings.status === 404) {
      return [
        `Drone at "${url}" has no repository "${repo}": log in as its owner, synchronise and activate it`,
      ];
    }
    return [`Could not ask Drone: ${settings.message}`];
  }
  const read = repoSettings.safeParse(settings.body);
  if (!read.success) return [`Drone at "${url}" does not show the settings of "${repo}"`];
  const found: string[] = [];
  const { data } = read;
  if (!data.active) found.push(`Repository "${repo}" is not active in Drone: activate it as its owner`);
  if (data.protected) {
    found.push(`Repository "${repo}" is protected in Drone: builds would wait for approval`);
  }
  if (!data.ignore_pull_requests) {
    found.push(`Drone would run pull requests of "${repo}" on the CI host: set "ignore_pull_requests"`);
  }
  if (data.config_path !== pipelinesRepository.config_path) {
    found.push(
      `Drone reads "${data.config_path}" of "${repo}": set its configuration path to "${pipelinesRepository.config_path}"`,
    );
  }
  if (data.timeout !== BUILD_MINUTES) {
    found.push(
      `Drone's limit for "${repo}" is ${data.timeout} min: set it to ${BUILD_MINUTES} as Drone's admin`,
    );
  }
  const self = await api.call({ method: "GET", path: "/api/user", below: "server" });
  const me = account.safeParse(self.ok ? self.body : null);
  if (me.success && !me.data.admin) found.push("The bridge's account in Drone is no admin: make it one");
  return found;
}
