import { basename, dirname, join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { exists, removeTree } from "../../common/files.ts";
import { removeLogins } from "../../host/remove_logins.ts";
import { parseSettings, readSettings, SETTINGS_FILE } from "../../host/settings.ts";
import { removeAt } from "./files.ts";
import type { Actor } from "./machine.ts";
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
 */
export async function uninstallFrom(
  root: string,
  { purge, dryRun, actor, say }: {
    purge: boolean;
    dryRun: boolean;
    actor: Actor | null;
    say: (line: string) => void;
  },
): Promise<void> {
  const record = await readRecord(root);
  const named = await namedFolders(root);
  const state: string[] = [];
  for (const path of STATE) if (await exists(join(root, path))) state.push(path);
  if (record === null) {
    if (!purge || state.length === 0) return say("Nothing is installed");
  } else if (dryRun) {
    for (const path of record.paths) say(`Would remove ${path}`);
  } else {
    const units = record.paths.filter((path) => dirname(path) === UNIT_FOLDER).map((path) => basename(path));
    if (actor !== null && units.length > 0) await stop(units, { actor, say });
    await removeAt(root, record);
    if (actor !== null) await actor.run(["systemctl", "daemon-reload"]);
    say(`Removed: ${record.paths.length} files below ${record.prefix}, ${UNIT_FOLDER} and /usr/local/bin`);
  }
  if (purge) {
    for (const { file, of } of await removeLogins(root, { made: named.made, dryRun })) {
      say(`${dryRun ? "Would remove" : "Removed"}: the log-in for "${of}" in ${file}`);
    }
    const others = Object.values(named).filter((path) => !STATE.some((one) => path.startsWith(`${one}/`)));
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

/** Folders that the settings name; those of a host without settings that can be read are where they usually are. */
async function namedFolders(root: string): Promise<Record<"made" | "runs" | "abraDir" | "secrets", string>> {
  const usual = parseSettings({
    domain: "ci.example.org",
    forge: { url: "https://git.example.org", org: "-" },
  });
  const { made, runs, abraDir, secrets } = await readSettings(join(root, SETTINGS_FILE)).catch(() => usual);
  return { made, runs, abraDir, secrets };
}

async function stop(
  units: readonly string[],
  { actor, say }: { actor: Actor; say: (line: string) => void },
): Promise<void> {
  say("Stopping; a run that goes on is waited for");
  const code = await actor.run(["systemctl", "stop", ...units]);
  if (code === 0) return;
  throw new UsageError(
    `Could not uninstall: systemctl stop ended with exit code ${code}, so nothing was removed`,
    {
      hint: 'See "journalctl -u cc-ci-*", then start "./cc-ci uninstall" again.',
    },
  );
}
