import { join } from "node:path";
import { formatSeconds, pollUntil } from "../../common/time.ts";
import type { App } from "../app/app.ts";
import type { ComposeVolume } from "../recipe/compose.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { InfraFailure, type StageContext } from "../run/stage.ts";
import { DockerError, statusOf } from "../swarm/swarm.ts";
import { type ContainerResult, execIn, getFile, putFile } from "../swarm/exec.ts";
import { serviceNames } from "../swarm/service_names.ts";
import type { ContainerObject } from "../swarm/schema.ts";
import { timeFor } from "./time_for.ts";

const TRY_EVERY_MS = 500;
/** Lines of a command's output that are told: `psql` takes up to six for one mistake. */
const LAST_LINES = 8;
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

/** What writes the data and what reads it do not belong together, or not to the version that runs. */
export class SeedMistake extends InfraFailure {
  constructor(message: string, options: { detail?: string } = {}) {
    super(message, { ...options, fault: "enrolment" });
  }
}

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
 * Runs a read command once; one that does not end (`late`) has found nothing.
 * @param options.wanted what it has to print
 * @throws {SeedMistake} when it prints so much that nobody can say what is not in it
 */
export async function readCommand(
  app: App,
  options: {
    read: Enrolment["data"]["read"][number];
    wanted: string;
    marker: string;
    ctx: StageContext;
    log: (line: string) => void;
    /** Milliseconds that the command may take. @default 60000 */
    commandMs?: number;
  },
): Promise<{ found: boolean; late: boolean; unrunnable: boolean; said: string }> {
  const { read: { service, command }, wanted, ...rest } = options;
  const result = await shell(app, { service, command, ...rest });
  if (result.cut && !result.stdout.includes(wanted)) {
    throw new SeedMistake(
      `recipe.yml: read in service "${service}" prints more than can be looked through`,
      {
        detail: `\`${command}\` has to print less, at best the record alone`,
      },
    );
  }
  const found = result.code === 0 && result.stdout.includes(wanted);
  return { found, late: result.code === null, unrunnable: isUnrunnable(result), said: lastWords(result) };
}

/**
 * Runs a command of the enrolment in a service's container, and writes its output to the log. While Swarm replaces the
 * container, the command waits for the next one.
 * @param call.log @default the stage's log
 * @param call.commandMs milliseconds that the command may take @default 60000, and less at the end of the stage's time
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
  const { service, command, marker, ctx, log = (line) => ctx.log(line) } = call;
  const commandMs = call.commandMs ?? timeFor(ctx, { needs: COMMAND_MS, most: COMMAND_MS });
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
    everyMs: TRY_EVERY_MS,
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

/** Whether there was nothing to run: no shell in the container, or no such program (127), or none that can be run (126). */
export function isUnrunnable({ code }: CommandEnd): boolean {
  return code === 126 || code === 127;
}

/** How a command ended, as the rest of a sentence about it. */
export function howEnded(result: CommandEnd): string {
  return result.code === null
    ? lastWords(result)
    : `ended with exit code ${result.code}: ${lastWords(result)}`;
}

/** @throws {SeedMistake} when the version of the app that is deployed has no such service: nobody need wait for it */
async function requireService(app: App, { service, command }: { service: string; command: string }) {
  const names = await serviceNames(app.swarm, app.stack);
  if (names.includes(service)) return;
  throw new SeedMistake(`recipe.yml: data names service "${service}", and the app has none of that name`, {
    detail: `\`${command}\` was to run in it. The app's services: ${names.join(", ")}`,
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

/** The last lines of what a command printed: many a program names the cause first, and explains it in some lines more. */
export function lastWords(result: { stdout: string; stderr: string }): string {
  const said = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-LAST_LINES).join("\n").slice(
    0,
    800,
  );
  return said === "" ? "it printed nothing" : said;
}
