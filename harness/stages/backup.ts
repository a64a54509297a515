import { type BackedUp, backedUp, backupHooks, namedVolumes } from "../recipe/backup_labels.ts";
import { lookIntoSnapshot, type SavedPlace, type SnapshotContent } from "../swarm/backup_bot.ts";
import { isSurplus } from "../confinement/engine/mod.ts";
import {
  type ExpectedPlace,
  expectedPlaces,
  isAt,
  requireExpected,
  unsaved,
} from "../checks/expected_backup.ts";
import { type MarkerPlace, mountsOf, writeMarkers, type Written } from "../checks/data.ts";
import { placesOfHooks } from "../checks/hook_places.ts";
import { seed } from "../checks/records.ts";
import { need, type RunContext } from "../checks/context.ts";
import { type StageContext, StageFailure, StageSkipped } from "../run/stage.ts";
import type { App } from "../app/app.ts";
import { type Compose, volumesOf } from "../recipe/compose.ts";
import { hasPath } from "../swarm/exec.ts";

/**
 * Milliseconds by which a snapshot may seem older than the call that made it, because the bot's clock may differ from
 * ours.
 */
const CLOCK_MS = 5_000;

/** What the snapshot of an app has to hold. */
interface Promised {
  app: App;
  ctx: StageContext;
  compose: Compose;
  parts: readonly BackedUp[];
  written: readonly Written[];
  /** What `recipe.yml` asks for. */
  expected: readonly ExpectedPlace[];
  /** Where each hook that says so puts what it makes. */
  made: readonly (readonly SavedPlace[])[];
}

/** Writes data and lets the app be backed up, then looks into the backup to see whether the data is in it. */
export async function backupStage(run: RunContext, ctx: StageContext): Promise<void> {
  const compose = need(run.compose.head, "lint");
  const app = run.app("install");
  const parts = backedUp(compose, app.stack);
  const { enrolment, marker } = run;
  const expected = expectedPlaces(enrolment, { compose, stack: app.stack });
  if (parts === null && expected.length === 0) throw new StageSkipped("no backup labels");
  if (parts === null) {
    throw new StageFailure("No service has the label backupbot.backup=true", {
      code: "backup.labels",
      detail: `backup.expect in recipe.yml asks for ${enrolment.backup.expect.join(", ")} in a backup`,
    });
  }

  const written = await writeMarkers(app, { places: parts.flatMap(placesOf), marker, ctx });
  await seed(run, { app, ctx });
  run.send({ type: "backup" });
  const made = placesOfHooks({ compose, stack: app.stack, root: app.checkout, parts });
  const saved = await backUpPatiently(
    { app, ctx, compose, parts, written, expected, made },
    enrolment.backup,
  );
  run.saved = { parts, written };
  ctx.proof(`snapshot ${saved.id.slice(0, 8)}, ${saved.files} files`);
}

/**
 * Backs the app up, and a second time where the first snapshot may lack what only a hook makes, since the bot settles
 * what to save before it runs the hooks, or where `recipe.yml` allows it. That it took a second one is told.
 * @throws {StageFailure} when the last snapshot is not as promised
 */
async function backUpPatiently(promised: Promised, { retry }: { retry: boolean }) {
  const { ctx, compose } = promised;
  const mayRetry = (error: unknown) => {
    if (retry && error instanceof StageFailure && !isSurplus(error)) return error;
    throw error;
  };
  const failed = (error: StageFailure) =>
    `It took a second backup, since the first one failed: ${error.message}`;
  const first = await backUp(promised).catch(mayRetry);
  let told: string;
  if (first instanceof StageFailure) told = failed(first);
  else {
    const absent = first.missing.filter(({ path }) => path !== "");
    const [lacking] = [...absent, ...unfilled(promised, first), ...unsaved(promised.expected, first)];
    if (lacking !== undefined && backupHooks(compose, "backup.pre").length > 0) {
      const what = lacking.path === "" ? "What the hook makes" : lacking.path;
      told = `${what} was not in the first snapshot, which the bot made before the hook was done`;
    } else {
      const wrong = await requirePromised(promised, first).then(() => null, mayRetry);
      if (wrong === null) return first;
      told = failed(wrong);
    }
  }
  ctx.log("Backing up once more");
  const second = await backUp(promised);
  await requirePromised(promised, second);
  ctx.blemish(told);
  return second;
}

/** Backs the app up and looks into the snapshot. @throws {StageFailure} for a pre-hook that failed, or no new snapshot */
async function backUp({ app, ctx, compose, parts, written, expected, made }: Promised) {
  const startedAt = ctx.clock.now();
  const snapshot = await app.backUp(ctx);
  if (snapshot.time < startedAt - CLOCK_MS) {
    throw new StageFailure(`The newest snapshot is of ${new Date(snapshot.time).toISOString()}`, {
      code: "backup.stale",
    });
  }
  if (snapshot.cut) {
    ctx.note("The backup bot said so much that a hook of which it said early that it failed is not known");
  }
  for (const said of snapshot.failedHooks) {
    const names = (kind: "backup.pre" | "backup.post") =>
      backupHooks(compose, kind).some(({ command }) => said.includes(command.replace(/\s+/g, " ")));
    // What a post-hook does comes too late to be in the snapshot.
    if (names("backup.post") && !names("backup.pre")) ctx.blemish(`A backup hook failed: ${said}`);
    else {
      throw new StageFailure(`A backup hook failed, and the backup went on without it: ${said}`, {
        code: "backup.hook",
      });
    }
  }
  const ours = written.map(({ volume, file }) => ({ volume: volume.name, path: file }));
  const labelled = parts.flatMap(({ volume, paths }) => (paths ?? []).map((path) => ({ volume, path })));
  const asked = expected.filter((one) =>
    !labelled.some(({ volume, path }) => isAt(placeOf(one), { volume, path }))
  );
  const whole = made.flat().filter(({ path }) => path === "");
  const places = [...ours, ...[...labelled, ...asked].map(placeOf), ...whole];
  const { id } = snapshot;
  const seen = await lookIntoSnapshot(app.swarm, id, {
    places,
    ours,
    timeoutMs: ctx.remaining(),
    signal: ctx.signal,
  });
  ctx.log(`Snapshot ${id} holds ${seen.files} files of the app`);
  return { id, ...seen };
}

/** @throws {StageFailure} when the snapshot lacks a marker, or what the labels promise that it holds */
async function requirePromised(
  promised: Promised,
  saved: SnapshotContent,
): Promise<void> {
  const { app, ctx, compose, parts, written } = promised;
  const lost = written.filter(({ volume, file }) =>
    saved.missing.some((one) => isAt(one, { volume, path: file }))
  );
  const [first] = lost;
  if (first !== undefined) {
    throw new StageFailure(`Volume "${first.volume.key}" is not in the snapshot`, {
      code: "backup.volume",
      detail: lost.map(({ volume, file }) =>
        `Wrote ${file} into volume ${volume.key}, backed up, found no such file in the snapshot`
      ).join("\n"),
    });
  }
  requireExpected(promised.expected, { saved, parts });
  const hooks = backupHooks(compose, "backup.pre");
  const containers = (await app.swarm.containers(app.stack)).filter((one) => one.State === "running");
  for (const { volume, paths } of parts) {
    for (const path of paths ?? []) {
      const place = `"${path}" of volume "${volume.key}"`;
      if (hooks.length > 0 && saved.empty.some((one) => isAt(one, { volume, path }))) {
        ctx.blemish(`In the snapshot, ${place} is empty`);
      }
      if (!saved.missing.some((one) => isAt(one, { volume, path }))) continue;
      const there = await Promise.all(
        mountsOf(containers, volume.name).map(({ container, target }) =>
          hasPath(app.swarm, container.Id, `${target}/${path}`)
        ),
      );
      const label = `The label backupbot.backup.volumes.${volume.key}.path names it`;
      if (hooks.length === 0 && !there.includes(true)) {
        ctx.blemish(`There is nothing at ${place}, so nothing of it was saved. ${label}`);
        continue;
      }
      const made = hooks.length === 0
        ? "It is in the volume"
        : `No hook made it in time: ${
          hooks.map(({ service, command }) => `${service}: ${command}`).join("; ")
        }`;
      throw new StageFailure(`${place} is not in the snapshot`, {
        code: "backup.path",
        detail: `${label}. ${made}`,
      });
    }
  }
  const [hollow] = unfilled(promised, saved);
  if (hollow !== undefined) {
    const key = parts.find(({ volume }) => volume.name === hollow.volume)?.volume.key ?? hollow.volume;
    const whole = hollow.path === "";
    const label = whole ? "" : `The label backupbot.backup.volumes.${key}.path names it. `;
    throw new StageFailure(
      `${whole ? "Volume" : `"${hollow.path}" of volume`} "${key}" is empty in the snapshot`,
      {
        code: "backup.path",
        detail: `${label}No hook wrote into it: ${
          hooks.map(({ service, command }) => `${service}: ${command}`).join("; ")
        }`,
      },
    );
  }
  if (saved.files === 0 && namedVolumes(compose, app.stack).length > 0) {
    throw new StageFailure("The snapshot holds no file of the app", { code: "backup.empty" });
  }
}

/**
 * Places that stayed empty although hooks were there to fill one. A label may also name a folder that is empty because
 * nobody has used the app yet, and not every hook makes a dump. So they count only where nothing is saved of all places
 * that a hook names, or of any place to which the services with hooks could write.
 */
function unfilled({ app, compose, parts, made }: Promised, saved: SnapshotContent): SavedPlace[] {
  const without = [...saved.hollow, ...saved.empty];
  const isEmpty = ({ volume, path }: SavedPlace) =>
    without.some((one) => isAt(one, { volume: { name: volume }, path }));
  const silent = made.find((places) => places.every(isEmpty));
  if (silent !== undefined) return [...silent];
  const hooked = new Set(backupHooks(compose, "backup.pre").map(({ service }) => service));
  const within = new Set(
    volumesOf(compose, app.stack).filter(({ service }) => hooked.has(service)).map(({ name }) => name),
  );
  const places = parts.filter(({ volume }) => within.has(volume.name))
    .flatMap(({ volume, paths }) => (paths ?? [""]).map((path) => ({ volume, path })));
  const hollow = saved.hollow.filter((one) => places.some((place) => isAt(one, place)));
  return hollow.length === places.length ? hollow : [];
}

function placeOf({ volume, path }: ExpectedPlace): SavedPlace {
  return { volume: volume.name, path };
}

/**
 * Where markers go: for a volume that is saved as a whole at its top, for a volume of which parts are saved into each
 * part, if that is a folder.
 */
function placesOf({ volume, paths }: BackedUp): MarkerPlace[] {
  return (paths ?? [""]).map((folder) => ({ volume, folder }));
}
