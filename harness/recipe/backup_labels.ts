import { normalize } from "node:path";
import { type Compose, type ComposeVolume, volumesOf } from "./compose.ts";
import { composeServices, deployLabels } from "./compose_services.ts";
import { entriesOf, valueAt } from "./compose_values.ts";

/** What a backup saves of one volume. */
export interface BackedUp {
  volume: ComposeVolume;
  /** Relative to the volume's root; null: all of it. */
  paths: readonly string[] | null;
}

/**
 * What the backup bot saves of a recipe, by the labels of its contract (version 2). One service switches it on for the
 * whole stack; the bot then saves every named volume, whole or only some paths of it
 * (`backupbot.backup.volumes.<name>.path=a,b`), except those with `backupbot.backup.volumes.<name>=false`.
 * @returns null when nothing switches backups on
 */
export function backedUp(compose: Compose, stack: string): BackedUp[] | null {
  const labels = allLabels(compose);
  if (!labels.some(([name, value]) => name === "backupbot.backup" && /^(true|1|yes)$/i.test(value))) {
    return null;
  }
  return protectedVolumes(compose, stack).map((volume) => ({
    volume,
    paths: pathList(
      labels.filter(([name]) => name === `backupbot.backup.volumes.${volume.key}.path`).map(([, value]) =>
        value
      ),
    ),
  }));
}

/** A command that the backup bot runs in a service's container. */
export interface BackupHook {
  service: string;
  /** As the label has it, without a shell that is written around it. */
  command: string;
}

/** The hooks of a kind, such as `backup.pre`, of all services. */
export function backupHooks(
  compose: Compose,
  kind: `${"backup" | "restore"}.${"pre" | "post"}`,
): BackupHook[] {
  return Object.entries(composeServices(compose)).flatMap(([service, definition]) => {
    const command = deployLabels(definition)[`backupbot.${kind}-hook`]?.trim() ?? "";
    return command === "" ? [] : [{ service, command: bareCommand(command) }];
  });
}

/** The bot takes off a shell that a label writes around its command, and the quotes. */
function bareCommand(command: string): string {
  const bare = command.replace(/^(bash|sh) -c\s+/, "");
  return /^(["'])(.*)\1$/s.exec(bare)?.[2] ?? bare;
}

/**
 * Volumes whose data people would miss: all named ones, except those that the recipe's own backup labels leave out.
 */
export function protectedVolumes(compose: Compose, stack: string): ComposeVolume[] {
  const out = new Set(
    allLabels(compose).filter(([, value]) => isOff(value))
      .map(([name]) => /^backupbot\.backup\.volumes\.([^.]+)$/.exec(name)?.[1]),
  );
  return namedVolumes(compose, stack).filter(({ key }) => !out.has(key));
}

function allLabels(compose: Compose): [name: string, value: string][] {
  return Object.values(composeServices(compose)).flatMap((service) => Object.entries(deployLabels(service)));
}

function isOff(value: string | undefined): boolean {
  return value?.toLowerCase() === "false";
}

/** All named volumes except those in memory, which keep nothing by design. A volume that several services mount counts once. */
export function namedVolumes(compose: Compose, stack: string): ComposeVolume[] {
  const byName = new Map<string, ComposeVolume>();
  const inMemory = volumesInMemory(compose);
  for (const volume of volumesOf(compose, stack)) {
    if (!inMemory.has(volume.key) && !byName.has(volume.name)) byName.set(volume.name, volume);
  }
  return [...byName.values()];
}

/** Keys of volumes whose driver makes a tmpfs: it is gone as soon as no container uses it. */
function volumesInMemory(compose: Compose): Set<string> {
  const types = new Map<string, unknown>();
  for (const file of compose.files) {
    // Docker takes the later definition whole.
    for (const [key, definition] of entriesOf(file.doc.volumes)) {
      types.set(key, valueAt(definition, ["driver_opts", "type"]));
    }
  }
  return new Set([...types].filter(([, type]) => type === "tmpfs" || type === "ramfs").map(([key]) => key));
}

/**
 * Paths of a volume's labels, without those that would leave the volume: nothing is written there or read from there.
 * Several services may each name some.
 */
function pathList(labels: readonly string[]): string[] | null {
  const wanted = labels.flatMap((text) => text.split(",")).map((path) => path.trim()).filter((path) =>
    path !== ""
  );
  if (wanted.length === 0) return null;
  const paths = wanted.map((path) => normalize(path.replace(/^\/+/, "")).replace(/\/$/, ""))
    .filter((path) => path !== ".." && !path.startsWith("../"));
  return paths.includes(".") ? null : [...new Set(paths)];
}
