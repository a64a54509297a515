import { join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { mayRestart } from "../../host/units.ts";
import type { Credential } from "../../host/credentials.ts";
import { NAMES, unitsWith } from "./catalogue.ts";

/** Names of secrets whose file is there now with another value, or is gone. */
export interface Placed {
  written: Credential[];
  removed: Credential[];
}

/**
 * Writes each secret to a file of its own, which root alone may read and systemd hands to units. Files of secrets that
 * have no value any more are removed; what is as it should be is left alone.
 */
export async function placeSecrets(
  folder: string,
  values: Partial<Record<Credential, string>>,
): Promise<Placed> {
  const changes = await changesOf(folder, values);
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  await Deno.chmod(folder, 0o700);
  for (const name of NAMES) {
    const path = join(folder, name);
    const value = values[name];
    if (changes.removed.includes(name)) await Deno.remove(path);
    if (value === undefined) continue;
    if (changes.written.includes(name)) {
      const draft = join(folder, `.${name}.new`);
      await Deno.remove(draft).catch(() => {});
      await Deno.writeTextFile(draft, value, { mode: 0o400, createNew: true });
      await Deno.rename(draft, path);
    }
    await Deno.chmod(path, 0o400);
  }
  return changes;
}

/** What {@linkcode placeSecrets} would change. */
export async function changesOf(
  folder: string,
  values: Partial<Record<Credential, string>>,
): Promise<Placed> {
  const there = await Promise.all(
    NAMES.map(async (name) => [name, await placedValue(folder, name)] as const),
  );
  return {
    written: there.filter(([name, value]) => values[name] !== undefined && values[name] !== value)
      .map(([name]) => name),
    removed: there.filter(([name, value]) => values[name] === undefined && value !== null).map(([name]) =>
      name
    ),
  };
}

/** Names of secrets that lie in a folder with a value. */
export async function placedNames(folder: string): Promise<Credential[]> {
  const there = await Promise.all(
    NAMES.map(async (name) => [name, await placedValue(folder, name)] as const),
  );
  return there.filter(([, value]) => value !== null && value.trim() !== "").map(([name]) => name);
}

async function placedValue(folder: string, name: Credential): Promise<string | null> {
  try {
    return await Deno.readTextFile(join(folder, name));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return null;
    throw new UsageError(`Could not look at the secrets in "${folder}"`, {
      cause,
      hint: "Start it as root.",
    });
  }
}

/** Sentences that say what has to be started again for these secrets. */
export function restartsFor(names: readonly Credential[]): string[] {
  const units = unitsWith(names);
  const now = units.filter(mayRestart);
  const later = units.filter((unit) => !mayRestart(unit));
  return [
    ...now.length === 0 ? [] : [`systemctl restart ${now.join(" ")}`],
    ...later.map((unit) => `systemctl restart ${unit}   # waits for the runs that go on`),
  ];
}
