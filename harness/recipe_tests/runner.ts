import { basename, dirname, join } from "node:path";
import { CcciError } from "../../common/errors.ts";
import { exec } from "../../common/exec.ts";
import { startBroker } from "./broker.ts";
import type { BrokerOptions } from "./broker_types.ts";
import { plainText } from "../../common/plain_text.ts";
import { confinedGround, type Ground, type GroundNeeds, ISOLATED, openGround, testSocket } from "./ground.ts";
import { judge, type TestOutcome } from "./outcome.ts";

export type { TestOutcome } from "./outcome.ts";

export interface TestRun extends GroundNeeds {
  broker: BrokerOptions;
  /**
   * Whether they run in a {@linkcode Sandbox}, as tests have to for which nobody here vouches.
   * @default false
   */
  confined?: boolean;
  /** @default true */
  typeCheck?: boolean;
  /** Is called with each line that the child prints, ANSI colours included, up to a limit. */
  onLine?: (line: string) => void;
}

/** Bytes of path that a Unix socket has room for. */
const MAX_SOCKET_PATH = 107;
/** How many lines, and how many characters, of what the tests print are handed on. */
const MAX_LINES = 5_000;
const MAX_OUTPUT = 1024 * 1024;

/**
 * Runs test files in a child `deno test` that may read their folder and talk to the broker's socket. The child has no
 * network and no environment, may start nothing, and can import its own files, Node's built-in modules and the kit
 * (`cc-ci`). Types are checked.
 *
 * Nothing that the test files do makes this throw.
 * @throws {CcciError} `tests.socket` when `tmp` is too long a path for a socket
 * @throws {SandboxError} when confined tests cannot be confined
 */
export async function runTests(run: TestRun): Promise<TestOutcome> {
  await Deno.mkdir(run.tmp, { recursive: true, mode: 0o700 });
  const socket = testSocket(run.tmp);
  if (new TextEncoder().encode(socket).length > MAX_SOCKET_PATH) {
    throw new CcciError("tests.socket", `Could not listen for the tests: the path "${socket}" is too long`);
  }
  try {
    const ground = run.confined ? await confinedGround(run) : await openGround(run);
    await using broker = await startBroker(socket, run.broker);
    // The sandbox has a user of its own, who must reach the socket; the folder around it is closed to others.
    if (run.confined) await Deno.chmod(socket, 0o666);
    const lines = splitLines(run.onLine ?? (() => {}));
    const started = performance.now();
    const { argv, env } = ground.command(childArgs(run, ground));
    const child = await exec(argv, {
      clearEnv: true,
      env,
      cwd: dirname(run.files[0] ?? "/."),
      timeoutMs: run.timeoutMs,
      ...(run.signal === undefined ? {} : { signal: run.signal }),
      onOutput: (chunk, stream) => lines.push(chunk, stream),
    });
    lines.end();
    const seconds = (performance.now() - started) / 1000;
    const said = plainText(`${child.stderr}\n${child.stdout}`);
    const { parseJUnit } = await import("../../common/junit.ts"); // its XML parser is not needed in runs without tests
    const cases = parseJUnit(await ground.report(said));
    const end = { timedOut: child.timedOut, success: child.success, code: child.code, said };
    return {
      ...judge(cases, { ...end, limit: run.timeoutMs, files: run.files.map((file) => basename(file)) }),
      screenshots: [...broker.screenshots],
      seconds,
    };
  } finally {
    await Deno.remove(run.tmp, { recursive: true }).catch(() => {});
  }
}

function childArgs(run: TestRun, at: Ground): string[] {
  return [
    "test",
    ...(run.typeCheck === false ? ["--no-check"] : []),
    ...ISOLATED,
    "--no-prompt",
    `--import-map=${at.importMap}`,
    `--junit-path=${at.junit}`,
    `--allow-read=${at.socket},${at.tests}`,
    `--allow-write=${at.socket}`,
    `--allow-net=unix:${at.socket}`,
    ...run.files.map((file) => join(at.tests, basename(file))),
    "--",
    at.socket,
    JSON.stringify(run.broker.app),
  ];
}

/** Passes on whole lines of both streams as they come, until there are too many. */
function splitLines(see: (line: string) => void) {
  const rest = { stdout: "", stderr: "" };
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  let lines = 0;
  let size = 0;
  const bounded = (line: string) => {
    if (lines > MAX_LINES || size > MAX_OUTPUT) return;
    lines += 1;
    size += line.length;
    const room = lines <= MAX_LINES && size <= MAX_OUTPUT;
    see(room ? line.replace(/\r$/, "") : "… (the rest of what the tests print was left out)");
  };
  return {
    push(chunk: Uint8Array, stream: "stdout" | "stderr") {
      const whole = (rest[stream] + decoders[stream].decode(chunk, { stream: true })).split("\n");
      rest[stream] = (whole.pop() ?? "").slice(-10_000);
      for (const line of whole) bounded(line);
    },
    end() {
      for (const line of [rest.stdout, rest.stderr]) if (line !== "") bounded(line);
    },
  };
}
