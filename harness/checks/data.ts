import { RepeatedLog } from "./repeated_log.ts";
import { join } from "node:path";
import { formatSeconds, pollUntil } from "../../common/time.ts";
import type { App } from "../app/app.ts";
import type { ComposeVolume } from "../recipe/compose.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { InfraFailure, type StageContext, StageFailure } from "../run/stage.ts";
import { DockerError, statusOf } from "../swarm/swarm.ts";
import { type ContainerResult, execIn, getFile, putFile } from "../swarm/exec.ts";
import type { ContainerObject } from "../swarm/schema.ts";

/** Milliseconds after an update or a restore within which an app must show a record again. */
const READ_WITHIN_MS = 20_000;
const READ_EVERY_MS = 500;
/** Milliseconds within which Swarm has replaced a container. */
const REPLACED_WITHIN_MS = 30_000;

/** Milliseconds after which nobody waits for a command of the enrolment any more. */
const COMMAND_MS = 60_000;

/** A marker file that was written into a volume. */
export interface Written {
  volume: ComposeVolume;
  /** Path of the file below the volume's mount point. */
  file: string;
}

/** A marker file or a record that was not found again. */
export interface Loss {
  what: string;
  /** The volume that held the marker file; null for a record. */
  volume: ComposeVolume | null;
  /** Where the volume is mounted now; empty when it is mounted nowhere, and for a record. */
  now: string[];
  said: string;
}

/** Where a marker is to be written. */
export interface MarkerPlace {
  volume: ComposeVolume;
  /** Folder below the volume's mount point; empty means the mount point itself. */
  folder: string;
}

/** The seed and read commands of `recipe.yml` do not belong together, or not to the version that runs. */
export class SeedMistake extends InfraFailure {}

/** Writes a marker file to each of the places that the running app can write to. */
export async function writeMarkers(
  app: App,
  options: { places: readonly MarkerPlace[]; marker: string; ctx: StageContext },
): Promise<Written[]> {
  const { places, marker, ctx } = options;
  const written: Written[] = [];
  const running = (await app.swarm.containers(app.stack)).filter((one) => one.State === "running");
  for (const { volume, folder } of places) {
    const [mount] = mountsOf(running, volume.name).filter(({ writable }) => writable);
    if (mount === undefined) {
      ctx.note(`Nothing that runs can write to volume "${volume.key}", so no marker was left there`);
      continue;
    }
    const file = join(folder, `.cc-ci-${marker}`);
    const path = join(mount.target, file);
    try {
      await putFile(app.swarm, mount.container.Id, { path, content: `${marker}\n` });
    } catch (error) {
      const status = error instanceof Error ? statusOf(error.cause) : null;
      if (folder === "" || (status !== 404 && status !== 400)) throw error;
      ctx.log(`${join(mount.target, folder)} is no folder, so no marker was left there`);
      continue;
    }
    ctx.log(`Wrote ${path} in volume ${volume.key}`);
    written.push({ volume, file });
  }
  return written;
}

/**
 * Runs the enrolment's seed commands, and its read commands before and after them: a read that finds the marker before
 * it was written, or does not find it afterwards, proves nothing of an upgrade or a restore.
 * @throws {StageFailure} when a seed ends with another exit code than 0, or does not end
 * @throws {SeedMistake} when seed and read do not belong together: `recipe.yml` is wrong then, and not the recipe
 */
export async function seed(
  app: App,
  options: { enrolment: Enrolment; marker: string; ctx: StageContext },
): Promise<void> {
  const { enrolment, marker, ctx } = options;
  if (enrolment.data.seed.length > 0) await requireUnseen(app, options);
  for (const { service, command } of enrolment.data.seed) {
    const result = await shell(app, { service, command, marker, ctx });
    if (result.code === 0) continue;
    throw new StageFailure(`Could not write data into service "${service}"`, {
      detail: `\`${command}\` ${howEnded(result)}`,
    });
  }
  const losses = await readRecords(app, options);
  if (losses.length === 0) return;
  const wrote = enrolment.data.seed.length > 0;
  throw new SeedMistake(
    wrote
      ? "recipe.yml: seed wrote nothing that read finds"
      : "recipe.yml: read finds nothing before anything happened",
    { detail: losses.map(({ what, said }) => `Read ${what} back at once: ${said}`).join("\n") },
  );
}

/** @throws {SeedMistake} when a read command prints the marker although nobody has written it yet */
async function requireUnseen(
  app: App,
  options: { enrolment: Enrolment; marker: string; ctx: StageContext },
): Promise<void> {
  for (const read of options.enrolment.data.read) {
    if (!(read.expect ?? "$MARKER").includes("$MARKER")) continue; // may have been there all the time
    const { found, said } = await readRecord(app, { ...options, read });
    if (!found) continue;
    throw new SeedMistake("recipe.yml: read finds the marker before seed has written it", {
      detail: `\`${read.command}\` in service "${read.service}" printed: ${said}`,
    });
  }
}

/**
 * Looks for every marker file again, wherever its volume is mounted now.
 * @param options.strict whether a marker counts as lost when its volume is mounted elsewhere
 * @returns the markers that were not found
 */
export async function readMarkers(
  app: App,
  options: { written: readonly Written[]; marker: string; ctx: StageContext; strict: boolean },
): Promise<Loss[]> {
  const { written, marker, ctx, strict } = options;
  const containers = (await app.swarm.containers(app.stack)).filter((one) => one.State === "running");
  const losses: Loss[] = [];
  for (const { volume, file } of written) {
    const mounts = mountsOf(containers, volume.name);
    const found = await Promise.all(mounts.map(async ({ container, target }) => {
      const content = await getFile(app.swarm, container.Id, `${target}/${file}`);
      return content?.trim() === marker;
    }));
    const targets = mounts.map(({ target }) => target);
    const inPlace = targets.includes(volume.target);
    if (found.some(Boolean) && (inPlace || !strict)) {
      if (!inPlace) {
        ctx.note(`Volume "${volume.key}" has moved from ${volume.target} to ${targets.join(", ")}`);
      }
      ctx.log(`Marker found in volume ${volume.key}`);
      continue;
    }
    const said = inPlace
      ? "no such file"
      : targets.length === 0
      ? "the volume is not mounted"
      : "not at that path";
    losses.push({ what: `${volume.target}/${file}`, volume, now: inPlace ? [volume.target] : targets, said });
  }
  return losses;
}

/**
 * Runs each of the enrolment's read commands until it prints what it must, or its time is over.
 * @returns the records that were not found
 */
export async function readRecords(
  app: App,
  options: { enrolment: Enrolment; marker: string; ctx: StageContext; commandMs?: number },
): Promise<Loss[]> {
  const { enrolment, ...rest } = options;
  const { ctx } = rest;
  const losses: Loss[] = [];
  for (const read of enrolment.data.read) {
    const end = ctx.clock.elapsed() + READ_WITHIN_MS;
    const tries = new RepeatedLog((line) => ctx.log(line));
    while (true) {
      const lines: string[] = [];
      const log = (line: string) => void lines.push(line);
      const { found, wanted, said } = await readRecord(app, { ...rest, read, log })
        .finally(() => tries.add(lines));
      if (found) break;
      if (ctx.clock.elapsed() > end) {
        losses.push({ what: `record "${wanted}" in service ${read.service}`, volume: null, now: [], said });
        break;
      }
      await ctx.clock.sleep(READ_EVERY_MS, ctx.signal);
    }
    tries.end();
  }
  return losses;
}

/** Runs a read command once; one that does not end has found nothing. @throws {SeedMistake} when it prints so much that nobody can say what is not in it */
export async function readRecord(
  app: App,
  options: {
    read: Enrolment["data"]["read"][number];
    marker: string;
    ctx: StageContext;
    log?: (line: string) => void;
    /** Milliseconds that the command may take. @default 60000 */
    commandMs?: number;
  },
): Promise<{ found: boolean; wanted: string; said: string }> {
  const { read: { service, command, expect }, ...rest } = options;
  const { marker } = rest;
  const wanted = (expect ?? "$MARKER").replaceAll("$MARKER", marker);
  const result = await shell(app, { service, command, ...rest });
  if (result.cut && !result.stdout.includes(wanted)) {
    throw new SeedMistake(
      `recipe.yml: read in service "${service}" prints more than can be looked through`,
      {
        detail: `\`${command}\` has to print less, at best the record alone`,
      },
    );
  }
  return { found: result.code === 0 && result.stdout.includes(wanted), wanted, said: lastWords(result) };
}

/**
 * Runs a command of the enrolment in a service's container, and writes its output to the log. While Swarm replaces the
 * container, the command waits for the next one.
 * @param call.log @default the stage's log
 * @param call.commandMs milliseconds that the command may take @default 60000
 * @throws {SeedMistake} when the app has no such service
 */
export async function shell(
  app: App,
  call: {
    service: string;
    command: string;
    marker: string;
    ctx: StageContext;
    log?: (line: string) => void;
    commandMs?: number;
  },
): Promise<CommandEnd> {
  const { service, command, marker, ctx, log = (line) => ctx.log(line), commandMs = COMMAND_MS } = call;
  const [first, ...rest] = command.trim().split("\n");
  log(`[${service}] ${first}${rest.length > 0 ? " …" : ""}`);
  let refused: unknown;
  const result = await pollUntil<CommandEnd>(async () => {
    try {
      const container = await app.swarm.containerOf(app.stack, service);
      return {
        done: await execIn(app.swarm, container.Id, {
          argv: ["sh", "-c", command],
          env: { MARKER: marker },
          timeoutMs: commandMs,
          signal: ctx.signal, // the end of the stage's time says nothing about the command
        }),
      };
    } catch (error) {
      if (error instanceof DockerError && error.code === "docker.timeout") {
        return {
          done: { code: null, stdout: "", stderr: `did not end in ${formatSeconds(commandMs)}`, cut: false },
        };
      }
      if (!isReplaced(error)) throw error;
      if (error instanceof DockerError && error.code === "docker.no-container") {
        await requireService(app, { service, command });
      }
      refused = error;
      return { missing: `Service ${service} has no container that takes commands; trying again` };
    }
  }, {
    everyMs: READ_EVERY_MS,
    clock: ctx.clock,
    signal: ctx.signal,
    onChange: log,
    limit: { ms: REPLACED_WITHIN_MS, error: () => refused as Error },
  });
  for (const line of `${result.stdout}\n${result.stderr}`.split("\n")) {
    if (line.trim() !== "") log(line.trimEnd());
  }
  return result;
}

/** How a command ended, and what it printed; a code of null means that it did not end in its time. */
type CommandEnd = Omit<ContainerResult, "code"> & { code: number | null };

/** How a command ended, as the rest of a sentence about it. */
export function howEnded(result: CommandEnd): string {
  return result.code === null
    ? lastWords(result)
    : `ended with exit code ${result.code}: ${lastWords(result)}`;
}

/** @throws {SeedMistake} when the version of the app that is deployed has no such service: nobody need wait for it */
async function requireService(app: App, { service, command }: { service: string; command: string }) {
  const names = (await app.swarm.services(app.stack)).map((one) =>
    one.Spec.Name.replace(`${app.stack}_`, "")
  );
  if (names.includes(service)) return;
  throw new SeedMistake(`recipe.yml: data names service "${service}", and the app has none of that name`, {
    detail: `\`${command}\` was to run in it. The app's services: ${names.sort().join(", ")}`,
  });
}

/** Whether the Engine refused a command because its container ends or is gone: nothing of it was run. */
function isReplaced(error: unknown): boolean {
  if (!(error instanceof DockerError)) return false;
  return error.code === "docker.no-container" || [404, 409].includes(statusOf(error.cause) ?? 0);
}

/** Where containers mount a volume. */
export function mountsOf(containers: readonly ContainerObject[], volume: string) {
  return containers.flatMap((container) =>
    container.Mounts.filter((mount) => mount.Name === volume)
      .map((mount) => ({ container, target: mount.Destination, writable: mount.RW }))
  );
}

/** The last lines of what a command printed. */
export function lastWords(result: { stdout: string; stderr: string }): string {
  const said = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-3).join("\n").slice(0, 400);
  return said === "" ? "it printed nothing" : said;
}
