import * as z from "zod";
import { type Credential, credentials } from "./credentials.ts";
import described from "./units.json" with { type: "json" };

const text = z.string();
/** Lines `Key=value` of a section; a list is a line for each of its values. */
const section = z.record(text, z.union([text, z.array(text)]));
const sections = {
  Unit: section.optional(),
  Service: section.optional(),
  Timer: section.optional(),
  Path: section.optional(),
  Install: section.optional(),
};
/** In the order in which files have them. */
export const SECTIONS = Object.keys(sections) as (keyof typeof sections)[];

/** A program of ours with its arguments, or the words of another one. */
const command = z.union([
  z.strictObject({
    program: z.enum(["bridge", "dashboard", "harness", "host"]),
    arguments: z.array(text).default([]),
    /** Lists that take the place of the permission set's. Entries that come to nothing are left out. */
    places: z.strictObject({ net: z.array(text), read: z.array(text), write: z.array(text) }).partial()
      .default({}),
    /** Whether what comes after it is started even when it fails. */
    mayFail: z.boolean().default(false),
  }),
  z.strictObject({ words: z.array(text).nonempty() }),
]);
export type Command = z.infer<typeof command>;

const unit = z.strictObject({
  ...sections,
  /** Names of {@linkcode description.sets}, whose lines it has; its own take their place. */
  sets: z.array(text).default([]),
  /** Names of {@linkcode description.environments}. */
  environments: z.array(text).default([]),
  /** Its own variables. Those that come to nothing are left out. */
  environment: z.record(text, text).default({}),
  /** Files that systemd reads as root and shows to this unit alone. */
  credentials: z.array(z.strictObject({
    name: text,
    /** The setting whose `_FILE` names it. */
    setting: text.optional(),
    /** The file. @default the one of its name in the folder of secrets */
    from: text.optional(),
    /** Whether a host may do without it. */
    optional: z.boolean().default(false),
  })).default([]),
  commands: z.strictObject({ ExecStartPre: z.array(command), ExecStart: z.array(command) }).partial().default(
    {},
  ),
});
export type Unit = z.infer<typeof unit>;

const description = z.strictObject({
  /** What differs from host to host, in the order in which one may need another. */
  holes: z.record(text, z.strictObject({ means: text, usually: text.optional() })),
  environments: z.record(text, z.record(text, text)),
  /** Lines that several units have. */
  sets: z.record(text, z.strictObject(sections)),
  units: z.record(text.regex(/^cc-ci[a-z-]*\.(service|target|timer|path)$/), unit),
  /** Commands for people, and for Drone's pipelines, with the settings of this host. */
  commands: z.record(
    text,
    z.strictObject({ program: z.enum(["harness", "host"]), environments: z.array(text) }),
  ),
});

/** The one description of what a host runs: the Nix modules read the same file. */
export const UNITS = description.parse(described);

/** Secrets without which one of these units does not start. */
export function neededBy(units: readonly string[]): Credential[] {
  return credentials.filter((name) =>
    units.some((unit) => UNITS.units[unit]?.credentials.some((one) => one.name === name && !one.optional))
  );
}

/** Whether a unit goes on all the time, and is started again whenever it ends. */
export function goesOn(name: string): boolean {
  return name.endsWith(".service") && (UNITS.units[name]?.sets.includes("service") ?? false);
}

/** Those of these units that have the certificate by which the proxy knows them. */
export function behindProxy(units: readonly string[]): string[] {
  return units.filter((unit) => UNITS.units[unit]?.credentials.some(({ name }) => name === "inside_cert"));
}

/** Folder that the bridge keeps its state in, where a file "maintenance" holds new runs back. */
export function bridgeState(): string {
  const { CCCI_STATE = "" } = UNITS.units["cc-ci-bridge.service"]?.environment ?? {};
  return CCCI_STATE;
}

/** Whether a unit may be started again because its file has changed. One that may not has the new one from its next start. */
export function mayRestart(name: string): boolean {
  return UNITS.units[name]?.Unit?.["X-RestartIfChanged"] !== "false";
}
