import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { FirstBytes } from "../../common/bounded_bytes.ts";
import { ownHome } from "../../programs/start.ts";
import { kitFiles } from "./kit_files.ts";
import { importMap, inside, Sandbox } from "./sandbox.ts";

/** What has to be known to make the surroundings of a child that works on test files. */
export interface GroundNeeds {
  /** Absolute paths of the test files, all of one folder. */
  files: readonly string[];
  /** Folder for socket, import map and report; made and removed by whoever starts the child. */
  tmp: string;
  /** Path of the deno binary. */
  deno: string;
  /**
   * Deno's cache for the child, where it remembers which files it has type-checked. Confined tests always have their
   * own.
   * @default DENO_DIR, or else a folder in tmp
   */
  denoDir?: string;
  timeoutMs: number;
  signal?: AbortSignal;
}

/** Bytes of a report of tests that are read; confined tests can write no more. */
const MAX_REPORT = 4 * 1024 * 1024;

/** Options by which Deno takes nothing from registries, the network, or files that say how it should behave. */
export const ISOLATED = ["--no-config", "--no-lock", "--no-npm", "--no-remote"];

/** Path of the socket on which the kit's calls are answered; this process needs Deno's net permission for it. */
export function testSocket(tmp: string): string {
  return join(tmp, "kit.sock");
}

/** The surroundings of a child: where it finds what it needs, how it is started, and how its report comes back. */
export interface Ground {
  socket: string;
  importMap: string;
  junit: string;
  /** Folder of the tests. */
  tests: string;
  command(args: string[]): { argv: string[]; env: Record<string, string> };
  report(said: string): Promise<string>;
}

/** Uses the host's own file system, of which Deno's permissions leave the child nearly nothing. */
export async function openGround(run: GroundNeeds): Promise<Ground> {
  const junit = join(run.tmp, "junit.xml");
  const map = join(run.tmp, "import_map.json");
  await Deno.writeTextFile(map, importMap(await kitUrl(run.tmp)));
  const env = {
    DENO_DIR: run.denoDir ?? Deno.env.get("DENO_DIR") ?? join(run.tmp, "deno-dir"),
    DENO_NO_UPDATE_CHECK: "1",
    FORCE_COLOR: "1",
    HOME: run.tmp,
    TMPDIR: run.tmp,
    LANG: "C.UTF-8",
    TZ: "UTC",
  };
  return {
    socket: testSocket(run.tmp),
    importMap: map,
    junit,
    tests: dirname(run.files[0] ?? "/."),
    command: (args) => ({ argv: [run.deno, ...args], env }),
    report: async () => {
      const file = await Deno.open(junit).catch(() => null);
      if (file === null) return "";
      const kept = new FirstBytes(MAX_REPORT);
      for await (const piece of file.readable) if (!kept.add(piece)) break;
      return kept.text();
    },
  };
}

/** Uses a {@linkcode Sandbox}, which is made here. */
export async function confinedGround(run: GroundNeeds): Promise<Ground> {
  const sandbox = await Sandbox.make({
    tmp: run.tmp,
    deno: run.deno,
    tests: dirname(run.files[0] ?? "/."),
    kit: kitFiles,
    timeoutMs: run.timeoutMs,
  });
  return {
    socket: inside.socket,
    importMap: `${inside.kit}/import_map.json`,
    junit: inside.result,
    tests: inside.tests,
    command: (args) => sandbox.command([inside.deno, ...args]),
    report: async (said) => {
      if (!run.signal?.aborted) await sandbox.requireStarted(said);
      return await sandbox.result();
    },
  };
}

/**
 * The kit's main file as a `file:` URL for an import map. Programs that run from their sources have the kit at hand, at
 * a place that stays the same, so that Deno remembers its types from one test to the next.
 */
async function kitUrl(tmp: string): Promise<string> {
  if (ownHome().form === "source") return import.meta.resolve("../kit/mod.ts");
  const folder = join(tmp, "kit");
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(kitFiles)) await Deno.writeTextFile(join(folder, name), text);
  return pathToFileURL(join(folder, "mod.ts")).href;
}
