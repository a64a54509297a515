import { join, resolve } from "node:path";
import { exists, removeTree } from "../../common/files.ts";
import type { Engine } from "../../harness/floor/engine.ts";
import { removeLogins } from "../../host/remove_logins.ts";
import { type HostSettings, parseSettings, readSettings, SETTINGS_FILE } from "../../host/settings.ts";
import { removeAt } from "./files.ts";
import { ENGINE_CONFIGURATION, refuseInUse } from "./engine.ts";
import { type Actor, stopUnits } from "./machine.ts";
import { UNIT_FOLDER } from "./pieces.ts";
import { readRecord } from "./record.ts";

/** What a host knows and keeps, apart from what Docker has. */
const STATE = [
  "/etc/cc-ci",
  ...["/var/lib", "/var/cache"].flatMap((folder) => [
    join(folder, "cc-ci"),
    join(folder, "private", "cc-ci"), // of units whose user systemd makes up; links to it lie beside the others
  ]),
];

/**
 * Stops what was installed, and removes exactly that.
 * @param options.purge whether settings, secrets and all state go, too
 * @param options.actor null where nothing runs, below another root folder
 * @param options.engineAt the Docker that may start containers by what was installed; null as above
 * @throws {UsageError} while Docker does that, as no container could be started any more
 */
export async function uninstallFrom(
  root: string,
  { purge, dryRun, actor, engineAt, say }: {
    purge: boolean;
    dryRun: boolean;
    actor: Actor | null;
    engineAt: ((socket: string) => Engine) | null;
    say: (line: string) => void;
  },
): Promise<void> {
  const record = await readRecord(root);
  const settings = await settingsOf(root);
  if (record !== null) {
    await refuseInUse(root, {
      ...{ paths: record.paths, engine: engineAt?.(settings.docker) ?? null, what: "uninstall" },
      instead:
        `Take that runtime and "default-runtime" out of "${ENGINE_CONFIGURATION}" and restart Docker, which makes ` +
        "the containers of its services anew.",
    });
  }
  const state: string[] = [];
  for (const path of STATE) if (await exists(join(root, path))) state.push(path);
  if (record === null) {
    if (!purge || state.length === 0) return say("Nothing is installed");
  } else if (dryRun) {
    for (const path of record.paths) say(`Would remove ${path}`);
  } else {
    if (actor !== null) await stopUnits(record.paths, { actor, say, what: "uninstall" });
    await removeAt(root, record);
    if (actor !== null) await actor.run(["systemctl", "daemon-reload"]);
    say(`Removed: ${record.paths.length} files below ${record.prefix}, ${UNIT_FOLDER} and /usr/local/bin`);
  }
  if (purge) {
    const { made, runs, abraDir, secrets } = settings;
    const removed = await removeLogins(root, {
      ...{ made, dryRun },
      onTrouble: (trouble) => say(`Kept: log-ins. ${trouble}`),
    });
    for (const { file, of } of removed) {
      say(`${dryRun ? "Would remove" : "Removed"}: the log-in for "${of}" in ${file}`);
    }
    const others = [made, runs, abraDir, secrets].filter((path) =>
      !STATE.some((one) => `${resolve(path)}/`.startsWith(`${one}/`))
    );
    for (const path of others) {
      if (await exists(join(root, path))) say(`Kept: ${path}, which the settings name`);
    }
  }
  for (const path of state) {
    if (!purge) say(`Kept: ${path}`);
    else if (dryRun) say(`Would remove ${path} with all it holds`);
    else {
      await removeTree(join(root, path));
      say(`Removed: ${path} with all it holds`);
    }
  }
  say("What Docker has is left alone: stacks, volumes and images of proxy, Drone and backup bot.");
}

/** Those of the host; where they cannot be read, those that hold where nothing is said. */
async function settingsOf(root: string): Promise<HostSettings> {
  const least = { domain: "ci.example.org", forge: { url: "https://git.example.org", org: "none" } };
  return await readSettings(join(root, SETTINGS_FILE)).catch(() => parseSettings(least));
}
