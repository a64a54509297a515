import { basename, dirname, join } from "node:path";
import { hostFiles } from "../../host/unit_files.ts";
import { unitsOf, unitValues } from "../../host/unit_values.ts";
import type { HostSettings } from "../../host/settings.ts";
import { UNITS } from "../../host/units.ts";

/** A file or link that an installation consists of. */
export interface Piece {
  /** Absolute, as the host sees it. */
  path: string;
  content: { text: string } | { copyOf: string } | { link: string };
  /** Of a file: its permissions. */
  mode: number;
}

export const UNIT_FOLDER = "/etc/systemd/system";
/** Names of the units among the paths of an installation. */
export function unitsAmong(paths: readonly string[]): string[] {
  return paths.filter((path) => dirname(path) === UNIT_FOLDER).map((path) => basename(path));
}

/** Where people's shells look for programs. */
const COMMAND_FOLDER = "/usr/local/bin";

export interface Sources {
  /** Folder with the bundles. */
  programs: string;
  deno: string;
  /** Drone's runner; none where the host has none. */
  runner: string | null;
}

/** All that makes a machine a host, except its settings and secrets. */
export async function piecesOf(
  settings: HostSettings,
  { prefix, sources, credentials }: { prefix: string; sources: Sources; credentials: readonly string[] },
): Promise<Piece[]> {
  const bin = join(prefix, "bin");
  const files = hostFiles({
    holes: { ...unitValues(settings), prefix },
    credentials,
    units: unitsOf(settings),
  });
  const commands = Object.keys(files).filter((name) => name.startsWith("bin/")).map((name) => name.slice(4));
  const copy = (copyOf: string, path: string, mode: number): Piece => ({ path, content: { copyOf }, mode });
  return [
    copy(sources.deno, join(bin, "deno"), 0o755),
    ...sources.runner === null ? [] : [copy(sources.runner, join(bin, "drone-runner-exec"), 0o755)],
    ...await copies(sources.programs, join(prefix, "programs")),
    ...Object.entries(files).map(([name, text]): Piece => ({
      path: name.startsWith("bin/") ? join(prefix, name) : join(UNIT_FOLDER, name),
      content: { text },
      mode: name.startsWith("bin/") ? 0o755 : 0o644,
    })),
    ...bin === COMMAND_FOLDER
      ? []
      : commands.map((name) => linkTo(join(bin, name), join(COMMAND_FOLDER, name))),
    ...wantedBy(files).map(([name, other]) =>
      linkTo(join(UNIT_FOLDER, name), join(UNIT_FOLDER, `${other}.wants`, name))
    ),
  ];
}

/** What `systemctl enable` would make of these units. */
function wantedBy(files: Record<string, string>): [unit: string, other: string][] {
  return Object.keys(files).flatMap((name): [string, string][] => {
    const other = UNITS.units[name]?.Install?.WantedBy;
    return [other ?? []].flat().map((one) => [name, one]);
  });
}

function linkTo(link: string, path: string): Piece {
  return { path, content: { link }, mode: 0 };
}

async function copies(from: string, to: string): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    const source = join(from, name);
    if (isDirectory) pieces.push(...await copies(source, join(to, name)));
    else {
      const runs = (((await Deno.stat(source)).mode ?? 0) & 0o111) !== 0;
      pieces.push({ path: join(to, name), content: { copyOf: source }, mode: runs ? 0o755 : 0o644 });
    }
  }
  return pieces.toSorted((one, other) => one.path < other.path ? -1 : 1);
}
