import { type Compose, type ComposeVolume, volumesOf } from "./compose.ts";
import { composeServices, deployLabels } from "./compose_services.ts";

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
  const last = (name: string) => labels.findLast(([one]) => one === name)?.[1];
  return ownVolumes(compose, stack).filter(({ key }) => !isOff(last(`backupbot.backup.volumes.${key}`)))
    .map((volume) => ({ volume, paths: pathList(last(`backupbot.backup.volumes.${volume.key}.path`)) }));
}

/**
 * Volumes whose data people would miss: all named ones, except those that the recipe's own backup labels leave out.
 * A volume that several services mount counts once.
 */
export function protectedVolumes(compose: Compose, stack: string): ComposeVolume[] {
  const out = new Set(
    allLabels(compose).filter(([, value]) => isOff(value))
      .map(([name]) => /^backupbot\.backup\.volumes\.([^.]+)$/.exec(name)?.[1]),
  );
  return ownVolumes(compose, stack).filter(({ key }) => !out.has(key));
}

function allLabels(compose: Compose): [name: string, value: string][] {
  return Object.values(composeServices(compose)).flatMap((service) => Object.entries(deployLabels(service)));
}

function isOff(value: string | undefined): boolean {
  return value?.toLowerCase() === "false";
}

function ownVolumes(compose: Compose, stack: string): ComposeVolume[] {
  const byName = new Map<string, ComposeVolume>();
  for (const volume of volumesOf(compose, stack)) {
    if (!byName.has(volume.name)) byName.set(volume.name, volume);
  }
  return [...byName.values()];
}

/** Paths of a label, without those that would leave the volume: nothing is written there or read from there. */
function pathList(text: string | undefined): string[] | null {
  if (text === undefined || text.trim() === "") return null;
  return text.split(",").map((path) => path.trim().replace(/^\/+|\/+$/g, ""))
    .filter((path) => path !== "" && !path.split("/").includes(".."));
}
