import { join } from "node:path";
import { describeError } from "../../common/errors.ts";
import { pollUntil } from "../../common/time.ts";
import type { App } from "../app/app.ts";
import type { BackedUp } from "../recipe/backup_labels.ts";
import { howEnded, lastWords, mountsOf, readMarkers, shell, type Written } from "./data.ts";
import type { DataRecord } from "./records.ts";
import { emptyVolume } from "./empty_volume.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { InfraFailure, type StageContext } from "../run/stage.ts";
import { execIn, putFile } from "../swarm/exec.ts";

/** Milliseconds for which an app may go on showing a record that was destroyed. */
const GONE_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 500;

export interface Destruction {
  /** What the backup saved. */
  saved: readonly BackedUp[];
  written: readonly Written[];
  /** What must not be found any more afterwards. */
  records: readonly DataRecord[];
  enrolment: Enrolment;
  marker: string;
  ctx: StageContext;
}

/**
 * Destroys what a restore is to bring back, and looks whether it is gone. Where the enrolment has `data.destroy`, those
 * commands destroy the app's data; otherwise every file that was backed up is deleted. The markers are removed in both
 * cases.
 * @throws {InfraFailure} when a command fails or something is still there: a restore would then prove nothing, which is
 * not the recipe's fault
 */
export async function destroyData(app: App, destruction: Destruction): Promise<void> {
  const { saved, written, enrolment, marker, ctx } = destruction;
  const { destroy } = enrolment.data;
  for (const { service, command } of destroy) {
    const result = await shell(app, { service, command, marker, ctx });
    if (result.code === 0) continue;
    throw new InfraFailure(`recipe.yml could not destroy data in service "${service}"`, {
      fault: "enrolment",
      detail: `\`${command}\` ${howEnded(result)}`,
    });
  }
  if (destroy.length === 0) {
    for (const one of saved) await wipe(app, { saved: one, ctx });
  }
  for (const one of written) await removeMarker(app, { written: one, ctx });
  await requireGone(app, destruction);
}

/** Deletes what was saved of a volume, and says what became of it. */
async function wipe(app: App, { saved, ctx }: { saved: BackedUp; ctx: StageContext }): Promise<void> {
  const { volume, paths } = saved;
  const { deleted, why, others } = await emptyVolume(app.swarm, {
    containers: await running(app),
    saved,
    timeoutMs: Math.max(60_000, ctx.remaining() / 2),
    signal: ctx.signal,
  });
  const what = paths === null ? "all files" : paths.join(", ");
  const rest = others.length === 0
    ? ""
    : `; not touched, because it is no part of the volume: ${others.join(", ")}`;
  if (deleted === "all") ctx.log(`Deleted ${what} of volume ${volume.key}${rest}`);
  else if (deleted === "none") {
    ctx.note(`The files of volume "${volume.key}" were left alone before the restore: ${why}`);
  } else ctx.note(`Not all files of volume "${volume.key}" could be deleted before the restore: ${why}`);
}

/** Deletes a marker. In a container without `rm` it is overwritten, which destroys it as well. */
async function removeMarker(
  app: App,
  { written, ctx }: { written: Written; ctx: StageContext },
): Promise<void> {
  const { volume, file } = written;
  const argv = (target: string) => ["rm", "-f", join(target, file)];
  if (await inVolume(app, { volume: volume.name, argv, ctx }) === null) return;
  for (const { container, target, writable } of mountsOf(await running(app), volume.name)) {
    if (writable) {
      await putFile(app.swarm, container.Id, { path: join(target, file), content: "destroyed\n" });
      return;
    }
  }
}

/** Runs a command as root in a container that can write to a volume. @returns null, or why it did not work */
async function inVolume(
  app: App,
  command: { volume: string; argv: (target: string) => string[]; ctx: StageContext },
): Promise<string | null> {
  let problem = "nothing that runs can write to it";
  for (const { container, target, writable } of mountsOf(await running(app), command.volume)) {
    if (!writable) continue;
    try {
      const result = await execIn(app.swarm, container.Id, {
        argv: command.argv(target),
        user: "0",
        signal: command.ctx.signal,
      });
      if (result.code === 0) return null;
      problem = lastWords(result);
    } catch (error) {
      command.ctx.signal.throwIfAborted();
      problem = describeError(error);
    }
  }
  return problem;
}

async function running(app: App) {
  return (await app.swarm.containers(app.stack)).filter((one) => one.State === "running");
}

async function requireGone(app: App, destruction: Destruction): Promise<void> {
  const { written, records, marker, ctx } = destruction;
  const lost = await readMarkers(app, { written, marker, ctx, strict: false });
  if (lost.length < written.length) {
    throw new InfraFailure("Could not destroy the marker files, so a restore would prove nothing");
  }
  for (const record of records) {
    const still = `The ${record.what} is still there`;
    await pollUntil(async () => {
      const { found } = await record.look((line) => ctx.log(line));
      return found ? { missing: still } : { done: undefined };
    }, {
      everyMs: LOOK_EVERY_MS,
      clock: ctx.clock,
      signal: ctx.signal,
      limit: {
        ms: GONE_WITHIN_MS,
        error: () =>
          new InfraFailure(`${still} after it was destroyed, so a restore would prove nothing`, {
            fault: "enrolment",
            detail: "`data.destroy` in recipe.yml has to name commands that destroy what was seeded",
          }),
      },
    });
  }
  ctx.log("All of it is gone");
}
