import type { App } from "./app.ts";
import { type Compose, type ComposeVolume, volumesOf } from "./compose.ts";
import { composeServices, deployLabels } from "./compose_services.ts";
import type { Enrolment } from "./enrolment.ts";
import { type StageContext, StageFailure } from "./stage.ts";
import { execIn, getFile, putFile } from "./swarm_exec.ts";
import { systemClock } from "../common/time.ts";
import type { ContainerObject } from "./swarm_schema.ts";

/** How long an app may take after an update until a record can be read again. */
const READ_WITHIN_MS = 20_000;
const READ_EVERY_MS = 500;

/** A marker file that was written into a volume. */
export interface Written {
  volume: ComposeVolume;
  /** File name below the volume's mount point. */
  file: string;
}

/** A marker that was not found again. */
export interface Loss {
  what: string;
  /** The volume's key, when it was a file in one. */
  volume: ComposeVolume | null;
  /** Where the volume is mounted now instead; empty: nowhere. */
  now: string[];
  said: string;
}

/**
 * Volumes whose data people would miss: all named ones, except those that the recipe's own backup labels leave out
 * (`backupbot.backup.volumes.<name>=false`). A volume that several services mount counts once.
 */
export function protectedVolumes(compose: Compose, stack: string): ComposeVolume[] {
  const left = new Set<string>();
  for (const service of Object.values(composeServices(compose))) {
    for (const [label, value] of Object.entries(deployLabels(service))) {
      const key = /^backupbot\.backup\.volumes\.([^.]+)$/.exec(label)?.[1];
      if (key !== undefined && value === "false") left.add(key);
    }
  }
  const byName = new Map<string, ComposeVolume>();
  for (const volume of volumesOf(compose, stack)) {
    if (!left.has(volume.key) && !byName.has(volume.name)) byName.set(volume.name, volume);
  }
  return [...byName.values()];
}

/** Writes a marker file into each protected volume that the running app can write to. */
export async function writeMarkers(
  app: App,
  options: { compose: Compose; marker: string; ctx: StageContext },
): Promise<Written[]> {
  const { compose, marker, ctx } = options;
  const written: Written[] = [];
  const running = (await app.swarm.containers(app.stack)).filter((one) => one.State === "running");
  for (const volume of protectedVolumes(compose, app.stack)) {
    const container = running.find((one) =>
      one.Mounts.some((mount) => mount.Name === volume.name && mount.RW)
    );
    const mount = container?.Mounts.find((one) => one.Name === volume.name);
    if (container === undefined || mount === undefined) {
      ctx.note(`Nothing that runs can write to volume "${volume.key}", so no marker was left there`);
      continue;
    }
    const file = `.cc-ci-${marker}`;
    await putFile(app.swarm, container.Id, { path: `${mount.Destination}/${file}`, content: `${marker}\n` });
    ctx.log(`Wrote ${mount.Destination}/${file} in volume ${volume.key}`);
    written.push({ volume, file });
  }
  return written;
}

/** Runs the enrolment's seed commands. @throws {StageFailure} when one ends badly */
export async function seed(
  app: App,
  options: { enrolment: Enrolment; marker: string; ctx: StageContext },
): Promise<void> {
  const { enrolment, marker, ctx } = options;
  for (const { service, command } of enrolment.data.seed) {
    const result = await shell(app, { service, command, marker, ctx });
    if (result.code === 0) continue;
    throw new StageFailure(`Could not write data into service "${service}" before the upgrade`, {
      detail: `\`${command}\` ended with exit code ${result.code}: ${lastWords(result)}`,
    });
  }
}

/** Looks for every marker file again, wherever its volume is mounted now. */
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
      ctx.log(`Marker is still in volume ${volume.key}`);
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

/** Runs the enrolment's read commands until each has printed what it must, within bounds. */
export async function readRecords(
  app: App,
  options: { enrolment: Enrolment; marker: string; ctx: StageContext },
): Promise<Loss[]> {
  const { enrolment, marker, ctx } = options;
  const losses: Loss[] = [];
  for (const { service, command, expect } of enrolment.data.read) {
    const wanted = (expect ?? "$MARKER").replaceAll("$MARKER", marker);
    const end = Date.now() + READ_WITHIN_MS;
    while (true) {
      const result = await shell(app, { service, command, marker, ctx });
      if (result.code === 0 && result.stdout.includes(wanted)) break;
      if (Date.now() > end) {
        losses.push({
          what: `record "${wanted}" in service ${service}`,
          volume: null,
          now: [],
          said: lastWords(result),
        });
        break;
      }
      await systemClock.sleep(READ_EVERY_MS, ctx.signal);
    }
  }
  return losses;
}

async function shell(
  app: App,
  call: { service: string; command: string; marker: string; ctx: StageContext },
) {
  const { service, command, marker, ctx } = call;
  const container = await app.swarm.containerOf(app.stack, service);
  const [first, ...rest] = command.trim().split("\n");
  ctx.log(`[${service}] ${first}${rest.length > 0 ? " …" : ""}`);
  const result = await execIn(app.swarm, container.Id, {
    argv: ["sh", "-c", command],
    env: { MARKER: marker },
    timeoutMs: Math.min(60_000, ctx.remaining()),
    signal: ctx.signal,
  });
  for (const line of `${result.stdout}\n${result.stderr}`.split("\n")) {
    if (line.trim() !== "") ctx.log(line.trimEnd());
  }
  return result;
}

function mountsOf(containers: readonly ContainerObject[], volume: string) {
  return containers.flatMap((container) =>
    container.Mounts.filter((mount) => mount.Name === volume)
      .map((mount) => ({ container, target: mount.Destination }))
  );
}

function lastWords(result: { stdout: string; stderr: string; code: number }): string {
  const said = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-3).join("\n").slice(0, 400);
  return said === "" ? "it printed nothing" : said;
}
