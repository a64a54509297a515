import { UsageError } from "../common/errors.ts";
import { shellWord } from "../common/shell_word.ts";
import { startCommand } from "../programs/start.ts";
import { type Command, SECTIONS, type Unit, UNITS } from "./units.ts";

/** What makes a description into the files of one host. */
export interface HostValues {
  /** By the names of the description's holes; those with a usual value may be left out. */
  holes: Readonly<Record<string, string>>;
  /** Optional credentials that this host has. */
  credentials?: readonly string[];
  /** Units that this host has. @default all */
  units?: readonly string[];
}

/** Texts of files by their names: unit files, and `bin/…` for the commands. */
export type HostFiles = Record<string, string>;

/**
 * The files of one host.
 * @throws {UsageError} naming holes without a value, and values for which there is no hole
 */
export function hostFiles(values: HostValues): HostFiles {
  const holes = filledHoles(values.holes);
  const names = values.units ?? Object.keys(UNITS.units);
  const files: HostFiles = {};
  for (const name of names) {
    const described = UNITS.units[name];
    if (described === undefined) {
      throw new UsageError(`There is no unit "${name}"`, {
        hint: `Units are: ${Object.keys(UNITS.units).join(", ")}`,
      });
    }
    files[name] = unitText(described, {
      holes: { ...holes, credentials: `/run/credentials/${name}` },
      has: (credential) => values.credentials?.includes(credential) ?? false,
    });
  }
  for (const [name, { program, environments }] of Object.entries(UNITS.commands)) {
    files[`bin/${name}`] = commandText(program, { holes, environments });
  }
  return files;
}

function filledHoles(given: Readonly<Record<string, string>>): Record<string, string> {
  const unknown = Object.keys(given).filter((name) => !(name in UNITS.holes));
  const missing = Object.entries(UNITS.holes)
    .filter(([name, { usually }]) => given[name] === undefined && usually === undefined);
  if (unknown.length + missing.length > 0) {
    const sentences = [
      ...unknown.map((name) => `there is no value "${name}"`),
      ...missing.map(([name, { means }]) => `"${name}" is missing, ${means}`),
    ];
    throw new UsageError(`Could not describe the units: ${sentences.join("; ")}`, {
      hint: `Values are: ${Object.keys(UNITS.holes).join(", ")}`,
    });
  }
  const holes: Record<string, string> = {};
  for (const [name, { usually = "" }] of Object.entries(UNITS.holes)) {
    const value = given[name] ?? filled(usually, holes);
    if (/\p{Cc}/u.test(value)) {
      throw new UsageError(`Could not describe the units: "${name}" has a line break or a control character`);
    }
    holes[name] = value;
  }
  return holes;
}

/** A text with its holes filled. */
function filled(text: string, holes: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{([a-zA-Z]+)\}/g, (hole, name) => {
    const value = holes[name];
    if (value === undefined) throw new RangeError(`Nothing is described that fills "${hole}" in "${text}"`);
    return value;
  });
}

interface Filling {
  holes: Readonly<Record<string, string>>;
  has: (credential: string) => boolean;
}

function unitText(described: Unit, { holes, has }: Filling): string {
  const merged: Record<string, Record<string, string[]>> = {};
  for (const part of [...described.sets.map((name) => named(UNITS.sets, name)), described]) {
    for (const name of SECTIONS) {
      for (const [key, value] of Object.entries(part[name] ?? {})) {
        (merged[name] ??= {})[key] = [value].flat().map((line) => filled(line, specified(holes)));
      }
    }
  }
  const { ExecStartPre = [], ExecStart = [] } = described.commands;
  if (ExecStart.length > 0) {
    const credentials = described.credentials.filter(({ name, optional }) => !optional || has(name));
    const variables = {
      ...environmentOf(described.environments, holes),
      ...withoutEmpty(described.environment, holes),
      ...Object.fromEntries(
        credentials.flatMap(({ name, setting }) =>
          setting === undefined ? [] : [[`${setting}_FILE`, `${holes.credentials}/${name}`]]
        ),
      ),
    };
    merged.Service = {
      ...merged.Service,
      Environment: Object.entries(variables).map(([name, value]) => quoted(`${name}=${value}`)),
      LoadCredential: credentials.map(({ name, from = `{secrets}/${name}` }) =>
        quoted(`${name}:${filled(from, holes)}`)
      ),
      ExecStartPre: ExecStartPre.map((one) => commandLine(one, holes)),
      ExecStart: ExecStart.map((one) => commandLine(one, holes)),
    };
  }
  return SECTIONS.filter((name) => merged[name] !== undefined).map((name) => {
    const lines = Object.entries(merged[name] ?? {}).flatMap(([key, values]) =>
      values.map((value) => `${key}=${value}\n`)
    );
    return `[${name}]\n${lines.join("")}`;
  }).join("\n");
}

function named<T>(all: Record<string, T>, name: string): T {
  const one = all[name];
  if (one === undefined) throw new RangeError(`Nothing is described as "${name}"`);
  return one;
}

function environmentOf(
  names: readonly string[],
  holes: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.assign({}, ...names.map((name) => withoutEmpty(named(UNITS.environments, name), holes)));
}

function withoutEmpty(
  variables: Record<string, string>,
  holes: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, filled(value, holes)])
      .filter(([, value]) => value !== ""),
  );
}

function commandLine(command: Command, holes: Readonly<Record<string, string>>): string {
  if ("words" in command) return execLine(command.words.map((word) => filled(word, holes)));
  const places = Object.fromEntries(
    Object.entries(command.places).map((
      [kind, list = []],
    ) => [kind, list.map((one) => filled(one, holes)).filter((one) => one !== "")]),
  );
  const words = [...programCommand(command.program, { holes, places }), ...command.arguments];
  return `${command.mayFail ? "-" : ""}${execLine(words)}`;
}

function programCommand(
  program: "bridge" | "dashboard" | "harness" | "host",
  { holes, places }: {
    holes: Readonly<Record<string, string>>;
    places?: Record<string, string[]>;
  },
): string[] {
  return startCommand(program, {
    home: { form: "bundle", folder: filled("{programs}", holes) },
    deno: filled("{deno}", holes),
    ...(places === undefined ? {} : { places }),
  });
}

function commandText(
  program: "harness" | "host",
  { holes, environments }: { holes: Readonly<Record<string, string>>; environments: readonly string[] },
): string {
  const variables = Object.entries(environmentOf(environments, holes));
  const exports = variables.map(([name, value]) => `export ${name}=${shellWord(value)}\n`).join("");
  const words = programCommand(program, { holes }).map(shellWord).join(" ");
  return `#!/bin/sh\n# With the settings of this host.\n${exports}exec ${words} "$@"\n`;
}

/** Holes as they stand in lines that systemd fills in as well. */
function specified(holes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(holes).map(([name, value]) => [name, value.replaceAll("%", "%%")]),
  );
}

/** A command line in which systemd fills in nothing. See systemd.service(5), "Command lines". */
function execLine([program = "", ...args]: readonly string[]): string {
  // What systemd refuses in the name of a program; it fills in no variables there, and so "$" stays as it is.
  if (/["'\\*?[]/.test(program)) {
    throw new UsageError(`Could not describe the units: systemd starts no program "${program}"`, {
      hint: "Name a folder without quotes, backslashes and wildcards",
    });
  }
  return [program, ...args.map((word) => word.replaceAll("$", "$$$$"))].map(quoted).join(" ");
}

/** One word as systemd reads it, see systemd.syntax(7), "Quoting"; a per cent sign begins no specifier in it. */
function quoted(word: string): string {
  const plain = word.replaceAll("%", "%%");
  if (/^[A-Za-z0-9_./:@%+=,$-]+$/.test(plain)) return plain;
  return `"${plain.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
