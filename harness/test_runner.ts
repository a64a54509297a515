import { join } from "node:path";
import { CcciError } from "../common/errors.ts";
import { exec } from "../common/exec.ts";
import { formatSeconds } from "../common/time.ts";
import { startBroker } from "./broker.ts";
import type { BrokerOptions } from "./broker_types.ts";
import { type JUnitCase, parseJUnit } from "../common/junit.ts";
import { kitFile } from "./kit_file.ts";
import { plain } from "./report/text.ts";

export interface TestRun {
  /** Absolute path of the test file. */
  file: string;
  broker: BrokerOptions;
  /** Folder for socket, import map and JUnit file; made and removed inside. */
  tmp: string;
  /** Path of the deno binary. */
  deno: string;
  /** Deno's cache for the child, where it remembers which files it has type-checked. @default DENO_DIR, else in tmp */
  denoDir?: string;
  /** @default true */
  typeCheck?: boolean;
  timeoutMs: number;
  /** Sees the child's output line by line, ANSI colours kept. */
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

export interface TestFailure {
  name: string;
  /** In plain words, first line says what is wrong. */
  message: string;
}

export interface TestOutcome {
  /** True only if at least one test ran and none failed. */
  ok: boolean;
  passed: number;
  failed: number;
  skipped: number;
  failures: TestFailure[];
  /** Why no verdict per test exists, if so. */
  problem: "no-tests" | "type-error" | "import-error" | "load-error" | "timeout" | "crashed" | null;
  /** One sentence for a report: `null` when `ok`. */
  cause: string | null;
  /** File names below the broker's `screenshotsDir`. */
  screenshots: string[];
  seconds: number;
}

/** Unix sockets have room for 107 bytes of path. */
const MAX_SOCKET_PATH = 107;
const MAX_FAILURES = 50;
const MAX_MESSAGE = 2_000;

/** Path of the socket that {@linkcode runTests} listens on below `tmp`; this process needs the net permission for it. */
export function testSocket(tmp: string): string {
  return join(tmp, "kit.sock");
}

/**
 * Runs one test file in a child `deno test` that may read its own folder and talk to the broker's socket. It has no
 * network, no environment, may start nothing, and imports nothing but its own files, Node's built-in modules and the
 * kit (`cc-ci`). Types are checked.
 *
 * Never throws for anything the test file does.
 * @throws {CcciError} `tests.socket` when `tmp` is too long a path for a socket
 */
export async function runTests(run: TestRun): Promise<TestOutcome> {
  await Deno.mkdir(run.tmp, { recursive: true });
  const socket = testSocket(run.tmp);
  if (new TextEncoder().encode(socket).length > MAX_SOCKET_PATH) {
    throw new CcciError("tests.socket", `Could not listen for the tests: the path "${socket}" is too long`);
  }
  const junit = join(run.tmp, "junit.xml");
  const importMap = join(run.tmp, "import_map.json");
  try {
    await using broker = await startBroker(socket, run.broker);
    await Deno.writeTextFile(importMap, JSON.stringify({ imports: { "cc-ci": kitFile() } }));
    const lines = splitLines(run.onLine ?? (() => {}));
    const started = performance.now();
    const child = await exec([run.deno, ...childArgs(run, { socket, junit, importMap })], {
      clearEnv: true,
      env: {
        DENO_DIR: run.denoDir ?? Deno.env.get("DENO_DIR") ?? join(run.tmp, "deno-dir"),
        DENO_NO_UPDATE_CHECK: "1",
        FORCE_COLOR: "1",
        HOME: run.tmp,
        TMPDIR: run.tmp,
        LANG: "C.UTF-8",
        TZ: "UTC",
      },
      cwd: join(run.file, ".."),
      timeoutMs: run.timeoutMs,
      ...(run.signal === undefined ? {} : { signal: run.signal }),
      onOutput: (chunk, stream) => lines.push(chunk, stream),
    });
    lines.end();
    const seconds = (performance.now() - started) / 1000;
    const cases = parseJUnit(await Deno.readTextFile(junit).catch(() => ""));
    const said = plain(`${child.stderr}\n${child.stdout}`);
    const end = { timedOut: child.timedOut, success: child.success, code: child.code, said };
    return {
      ...judge(cases, { ...end, limit: run.timeoutMs }),
      screenshots: [...broker.screenshots],
      seconds,
    };
  } finally {
    await Deno.remove(run.tmp, { recursive: true }).catch(() => {});
  }
}

function childArgs(run: TestRun, at: { socket: string; junit: string; importMap: string }): string[] {
  return [
    "test",
    ...(run.typeCheck === false ? ["--no-check"] : []),
    "--no-config",
    "--no-lock",
    "--no-npm",
    "--no-prompt",
    "--no-remote",
    `--import-map=${at.importMap}`,
    `--junit-path=${at.junit}`,
    `--allow-read=${at.socket},${join(run.file, "..")}`,
    `--allow-write=${at.socket}`,
    `--allow-net=unix:${at.socket}`,
    run.file,
    "--",
    at.socket,
    JSON.stringify(run.broker.app),
  ];
}

interface ChildEnd {
  timedOut: boolean;
  success: boolean;
  code: number;
  /** Both streams, without colours. */
  said: string;
  limit: number;
}

/** What the cases and the way the child ended add up to. */
function judge(cases: JUnitCase[], end: ChildEnd): Omit<TestOutcome, "screenshots" | "seconds"> {
  const failures = cases.filter((each) => each.failure !== null).slice(0, MAX_FAILURES).map((each) => ({
    name: each.name,
    message: plainFailure(each.failure ?? ""),
  }));
  const failed = cases.filter((each) => each.failure !== null).length;
  const skipped = cases.filter((each) => each.skipped).length;
  const passed = cases.length - failed - skipped;
  const counts = { passed, failed, skipped, failures };
  const bad = (problem: TestOutcome["problem"], cause: string) => ({ ok: false, ...counts, problem, cause });
  if (end.timedOut) return bad("timeout", `The tests did not end within ${formatSeconds(end.limit)}`);
  if (failed > 0) {
    const [first] = failures;
    const which = `${failed} of ${cases.length} ${cases.length === 1 ? "test" : "tests"} failed`;
    return bad(null, first === undefined ? which : `${which}: ${first.name}: ${firstLine(first.message)}`);
  }
  if (!end.success) return { ...bad(null, ""), ...brokenFile(end) };
  if (passed === 0) {
    return bad("no-tests", skipped > 0 ? "Every test of the file is skipped" : "The file holds no test");
  }
  return { ok: true, ...counts, problem: null, cause: null };
}

/** Why a file gave no test a chance, from what deno said. */
function brokenFile({ said, code }: ChildEnd): Pick<TestOutcome, "problem" | "cause"> {
  const type = /TS(\d+) \[ERROR\]: (.+)(?:[^]*?\bat file:\/\/\S*\/([^/\s]+:\d+):\d+)?/.exec(said);
  if (type?.[1] === "2307") {
    return {
      problem: "import-error",
      cause: `The file imports what it cannot have${at(type[3])}: ${sentence(type[2])}`,
    };
  }
  if (type !== null) {
    return {
      problem: "type-error",
      cause: `The file does not type-check${at(type[3])}: ${sentence(type[2])}`,
    };
  }
  const broken =
    /error: (?:Uncaught \(in promise\) )?((?:Module not found|Import|Relative import|Could not resolve|A remote specifier|npm specifiers|Unable to|Loading unprepared|Failed|Blocked|Unsupported scheme|Cannot find)[^\n]*)/i
      .exec(said);
  if (broken !== null && /import|module|specifier|npm|resolve|scheme|remote/i.test(broken[1] ?? "")) {
    return { problem: "import-error", cause: `The file imports what it cannot have: ${sentence(broken[1])}` };
  }
  const thrown = /\(uncaught error\)\s*\n+error: (?:\(in promise\) )?([^\n]+)/.exec(said) ??
    /error: ([^\n]+)/.exec(said);
  if (thrown !== null) {
    return { problem: "load-error", cause: `The file cannot be loaded: ${sentence(thrown[1])}` };
  }
  return { problem: "crashed", cause: `The test process ended with exit code ${code}` };
}

function at(place: string | undefined): string {
  return place === undefined ? "" : ` (${place})`;
}

function sentence(text = ""): string {
  return text.trim().replace(/\.$/, "").slice(0, 300);
}

/** A failure without deno's own frames: the error's name and message, and where in the test it came from. */
function plainFailure(text: string): string {
  const lines = plain(text).split("\n").filter((line) =>
    !/^\s+at .*(?:ext:|node:internal|kit\/mod\.ts|deno:)/.test(line)
  );
  return lines.join("\n").replace(
    /^(?:Uncaught )?(?:\(in promise\) )?(?:Error|KitError|AssertionError): /,
    "",
  )
    .replaceAll(/\(?file:\/\/\S*\/([^/\s]+:\d+):\d+\)?/g, "$1").trim().slice(0, MAX_MESSAGE);
}

function firstLine(text: string): string {
  return sentence(text.split("\n")[0]?.replace(/:$/, ""));
}

/** Hands on whole lines of both streams as they come. */
function splitLines(see: (line: string) => void) {
  const rest = { stdout: "", stderr: "" };
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  return {
    push(chunk: Uint8Array, stream: "stdout" | "stderr") {
      const lines = (rest[stream] + decoders[stream].decode(chunk, { stream: true })).split("\n");
      rest[stream] = (lines.pop() ?? "").slice(-10_000);
      for (const line of lines) see(line.replace(/\r$/, ""));
    },
    end() {
      for (const line of [rest.stdout, rest.stderr]) if (line !== "") see(line);
    },
  };
}
