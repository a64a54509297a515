import { type BackedUp, backedUp } from "../recipe/backup_labels.ts";
import { snapshotFiles } from "../swarm/backup_bot.ts";
import { type MarkerPlace, seed, writeMarkers } from "../checks/data.ts";
import { need, type RunContext } from "../checks/context.ts";
import { type StageContext, StageFailure, StageSkipped } from "../run/stage.ts";

/**
 * Milliseconds by which a snapshot may seem older than the call that made it, because the bot's clock may differ from
 * ours.
 */
const CLOCK_MS = 5_000;

/** Writes data and lets the app be backed up, then looks into the backup to see whether the data is in it. */
export async function backupStage(run: RunContext, ctx: StageContext): Promise<void> {
  const compose = need(run.compose.head, "lint");
  const app = run.app("install");
  const parts = backedUp(compose, app.stack);
  if (parts === null) throw new StageSkipped("no backup labels");

  const { enrolment, marker } = run;
  const written = await writeMarkers(app, { places: parts.flatMap(placesOf), marker, ctx });
  await seed(app, { enrolment, marker, ctx });
  run.send({ type: "backup" });
  const startedAt = ctx.clock.now();
  const snapshot = await app.backUp(ctx);
  if (snapshot.time < startedAt - CLOCK_MS) {
    throw new StageFailure(`The newest snapshot is of ${new Date(snapshot.time).toISOString()}`, {
      code: "backup.stale",
    });
  }
  const files = await snapshotFiles(run.swarm, snapshot.id);
  ctx.log(`Snapshot ${snapshot.id} holds ${files.length} files and folders`);
  if (files.length === 0) throw new StageFailure("The snapshot is empty", { code: "backup.empty" });
  const missing = written.filter(({ volume, file }) =>
    !files.some((path) => path.includes(volume.name) && path.endsWith(`/${file}`))
  );
  const [first] = missing;
  if (first !== undefined) {
    throw new StageFailure(`Volume "${first.volume.key}" is not in the snapshot`, {
      code: "backup.volume",
      detail: missing.map(({ volume, file }) =>
        `Wrote ${file} into volume ${volume.key}, backed up, found no such file in the snapshot`
      ).join("\n"),
    });
  }
  run.saved = { parts, written };
  ctx.proof(`snapshot ${snapshot.id.slice(0, 8)}, ${files.length} files`);
}

/**
 * Where markers go: for a volume that is saved as a whole at its top, for a volume of which parts are saved into each
 * part, if that is a folder.
 */
function placesOf({ volume, paths }: BackedUp): MarkerPlace[] {
  return (paths ?? [""]).map((folder) => ({ volume, folder }));
}
