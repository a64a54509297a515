import { dirname, join } from "node:path";
import { CcciError } from "../../common/errors.ts";
import type { Engine } from "../../harness/floor/engine.ts";
import { goesOn, mayRestart, UNITS } from "../../host/units.ts";
import { ENGINE_CONFIGURATION, refuseInUse } from "./engine.ts";
import { applyAt, type Changes, changesAt } from "./files.ts";
import { type Actor, stopUnits } from "./machine.ts";
import { readRecord, writeRecord } from "./record.ts";
import { type Piece, UNIT_FOLDER } from "./pieces.ts";

const TARGET = "cc-ci.target";

export interface Installation {
  /** The folder that is the host's `/`. */
  root: string;
  prefix: string;
  pieces: readonly Piece[];
  /** The Docker that may start containers by what was installed; null where nothing runs, below another root folder. */
  engine: Engine | null;
  say: (line: string) => void;
}

/** Says what an installation would change. */
export async function announce(installation: Installation): Promise<Changes> {
  const { say } = installation;
  const changes = await changesOf(installation);
  for (const { path } of changes.write) say(`Would write ${path}`);
  for (const path of changes.remove) say(`Would remove ${path}`);
  if (changes.write.length + changes.remove.length === 0) say("Every file is as it should be");
  return changes;
}

/**
 * Makes the files what they should be, and stops units that this host has no more.
 * @param actor null where nothing runs, below another root folder
 */
export async function installFiles(
  installation: Installation,
  actor: Actor | null,
): Promise<Changes> {
  const { root, prefix, pieces, say } = installation;
  const changes = await changesOf(installation);
  const { write, remove } = changes;
  if (write.length + remove.length === 0) {
    say("Every file is as it should be");
    return changes;
  }
  if (actor !== null) await stopUnits(remove, { actor, say, what: "install" });
  await applyAt(root, { changes, pieces, prefix });
  for (const [folder, count] of countsByFolder(write.map(({ path }) => path))) {
    say(`Written: ${count} ${count === 1 ? "file" : "files"} in ${folder}`);
  }
  for (const path of remove) say(`Removed: ${path}`);
  return changes;
}

/** @throws {UsageError} where something else is in the way, or Docker needs what would go */
async function changesOf({ root, prefix, pieces, engine }: Installation): Promise<Changes> {
  const changes = await changesAt(root, pieces);
  const runtime = join(prefix, "programs", "floor", "runtime.sh");
  await refuseInUse(root, {
    ...{ paths: changes.remove, engine, what: "install" },
    instead:
      `Name the folder of before with --prefix. To move, name "${runtime}" in the place of that runtime in ` +
      `"${ENGINE_CONFIGURATION}" and restart Docker; no container starts until the installation has brought that file.`,
  });
  return changes;
}

/** Has {@linkcode bringUp} start these units again, as something of theirs has changed that is no file of ours. */
export async function noteChanged(root: string, units: readonly string[]): Promise<void> {
  const record = await readRecord(root);
  if (record === null || units.length === 0) return;
  const pending = new Set([...record.pending, ...units.map((unit) => join(UNIT_FOLDER, unit))]);
  await writeRecord(root, { ...record, pending: [...pending] });
}

function countsByFolder(paths: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const path of paths) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  return counts;
}

/** How the host's program ends while something is missing that may come by itself. */
const NOT_YET = 3;

/**
 * Lets the host's program do its work, then systemd start what is not started, and again what has changed since this
 * went well the last time. Where the host is not ready yet, systemd starts everything as well: its units stand on
 * nothing but what each of them waits for, and try again by themselves.
 * @returns 0, or the exit code of the host's program, which then has said why
 */
export async function bringUp({ root, prefix, pieces, say }: Installation, actor: Actor): Promise<number> {
  const record = await readRecord(root);
  const pending = record?.pending ?? [];
  if (pending.some((path) => path.startsWith(UNIT_FOLDER))) await must(actor, ["systemctl", "daemon-reload"]);
  const changed = changedServices(pending, pieces);
  const kept: string[] = [];
  for (const name of changed.filter((name) => !mayRestart(name))) {
    if (await actor.run(["systemctl", "is-active", "--quiet", name]) === 0) kept.push(name);
  }
  const code = await actor.run([join(prefix, "bin", "cc-ci-host"), "all"]);
  if (code !== 0 && code !== NOT_YET) {
    say(
      'The files are in place. Put right what is said above, then start "./cc-ci install" again: it goes on there.',
    );
    return code;
  }
  // A unit that waits for something may do so for long.
  const patience = code === NOT_YET ? ["--no-block"] : [];
  await must(actor, ["systemctl", ...patience, "start", TARGET]);
  const again = changed.filter(mayRestart);
  if (again.length > 0) await must(actor, ["systemctl", ...patience, "try-restart", ...again]);
  if (record !== null && pending.length > 0) await writeRecord(root, { ...record, pending: [] });
  for (const name of kept) {
    say(
      `${name} is not started again, as runs go on in it: it has what is new from its next start, for which ` +
        `"systemctl restart ${name}" waits until they have ended`,
    );
  }
  if (code === NOT_YET) {
    say(
      `Everything is started that does not need what is said above. Do that: the units try again by themselves ` +
        `("systemctl list-units 'cc-ci*'" shows them), and "cc-ci-host check" or "./cc-ci install" says whether all is well.`,
    );
  }
  return code;
}

/** Services of this host for which something has changed. */
function changedServices(paths: readonly string[], pieces: readonly Piece[]): string[] {
  const services = Object.keys(UNITS.units).filter((name) =>
    goesOn(name) && pieces.some(({ path }) => path === join(UNIT_FOLDER, name))
  );
  const programsToo = paths.some((path) => !path.startsWith(UNIT_FOLDER));
  return services.filter((name) => programsToo || paths.includes(join(UNIT_FOLDER, name)));
}

async function must(actor: Actor, argv: readonly string[]): Promise<void> {
  const code = await actor.run(argv);
  if (code !== 0) {
    throw new CcciError("install", `Could not go on: "${argv.join(" ")}" ended with exit code ${code}`, {
      hint: 'Look at what it says and at "journalctl -u cc-ci-*", then start "./cc-ci install" again.',
    });
  }
}
