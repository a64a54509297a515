import { meantAs } from "../../common/spelling.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import type { BackedUp } from "../recipe/backup_labels.ts";
import { type Compose, type ComposeVolume, volumesOf } from "../recipe/compose.ts";
import { StageFailure } from "../run/stage.ts";
import type { SavedPlace, SnapshotContent } from "../swarm/backup_bot.ts";

/** A place that `backup.expect` names. */
export interface ExpectedPlace {
  volume: ComposeVolume;
  /** Below the volume's root. */
  path: string;
}

/**
 * What `backup.expect` of `recipe.yml` asks of a snapshot.
 * @throws {StageFailure} for a volume that the app does not have, which is the enrolment's mistake
 */
export function expectedPlaces(
  { backup: { expect } }: Pick<Enrolment, "backup">,
  { compose, stack }: { compose: Compose; stack: string },
): ExpectedPlace[] {
  const volumes = volumesOf(compose, stack);
  return expect.map((said) => {
    const [key = "", ...path] = said.split("/");
    const volume = volumes.find((one) => one.key === key);
    if (volume !== undefined) return { volume, path: path.join("/") };
    const keys = [...new Set(volumes.map((one) => one.key))].toSorted();
    throw new StageFailure(
      `recipe.yml: backup.expect names volume "${key}", and the app mounts none of that name${
        meantAs(key, keys)
      }`,
      { code: "backup.expect", fault: "enrolment", detail: `Its volumes: ${keys.join(", ") || "none"}` },
    );
  });
}

/** Those that a snapshot lacks, or has without any content. */
export function unsaved(expected: readonly ExpectedPlace[], saved: SnapshotContent): ExpectedPlace[] {
  const lacking = [...saved.missing, ...saved.empty, ...saved.hollow];
  return expected.filter((one) => lacking.some((place) => isAt(place, one)));
}

/** @throws {StageFailure} when a snapshot does not hold what it has to */
export function requireExpected(
  expected: readonly ExpectedPlace[],
  { saved, parts }: { saved: SnapshotContent; parts: readonly BackedUp[] },
): void {
  const [first] = unsaved(expected, saved);
  if (first === undefined) return;
  const { volume, path } = first;
  const there = saved.missing.some((place) => isAt(place, first)) ? "is not" : "is empty";
  throw new StageFailure(
    `"${path}" of volume "${volume.key}" ${there} in the snapshot, which backup.expect in recipe.yml asks for`,
    { code: "backup.expect", detail: whatIsSaved(volume, parts) },
  );
}

/** What the recipe's labels say about a volume. */
function whatIsSaved({ key, name }: ComposeVolume, parts: readonly BackedUp[]): string {
  const part = parts.find(({ volume }) => volume.name === name);
  const label = `backupbot.backup.volumes.${key}`;
  if (part === undefined) return `The label ${label}=false leaves the volume out`;
  return part.paths === null
    ? "The volume is saved as a whole: nothing had written it when the backup was made"
    : `Of the volume, the label ${label}.path saves ${part.paths.map((one) => `"${one}"`).join(", ")}`;
}

/** Whether a place of a snapshot is the one that is asked for. */
export function isAt(
  place: SavedPlace,
  { volume, path }: { volume: { name: string }; path: string },
): boolean {
  return place.volume === volume.name && place.path === path;
}
