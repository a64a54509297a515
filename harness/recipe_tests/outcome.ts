import { formatSeconds } from "../../common/time.ts";
import type { JUnitCase } from "../../common/junit.ts";
import { plainText } from "../../common/plain_text.ts";

export interface TestFailure {
  name: string;
  /** In plain words; the first line says what is wrong. */
  message: string;
}

export interface TestOutcome {
  /** True only if at least one test ran and none failed. */
  ok: boolean;
  passed: number;
  failed: number;
  skipped: number;
  failures: TestFailure[];
  /** Why the tests as a whole have no verdict; null: each test has its own. */
  problem: "no-tests" | "type-error" | "import-error" | "load-error" | "timeout" | "crashed" | null;
  /** One sentence for a report: `null` when `ok`. */
  cause: string | null;
  /** Names of files below the broker's `screenshotsDir`. */
  screenshots: string[];
  seconds: number;
}

const MAX_FAILURES = 50;
const MAX_MESSAGE = 2_000;
const MAX_NAME = 200;

/** How the child process that ran the tests ended. */
export interface ChildEnd {
  timedOut: boolean;
  success: boolean;
  code: number;
  /** What it printed on both streams, without colours. */
  said: string;
  /** Milliseconds that it had. */
  limit: number;
  /** Names of the files that were run. */
  files: readonly string[];
}

/** Judges the tests by the cases in their report and by how the child ended. */
export function judge(cases: JUnitCase[], end: ChildEnd): Omit<TestOutcome, "screenshots" | "seconds"> {
  const failures = cases.filter((each) => each.failure !== null).slice(0, MAX_FAILURES).map((each) => ({
    name: each.name.slice(0, MAX_NAME),
    message: plainFailure(each.failure ?? "", end.files),
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
    const subject = end.files.length === 1 ? "file" : "files";
    const none = `The ${subject} ${end.files.length === 1 ? "holds" : "hold"} no test`;
    return bad("no-tests", skipped > 0 ? `Every test of the ${subject} is skipped` : none);
  }
  return { ok: true, ...counts, problem: null, cause: null };
}

/** Why a file could not run any of its tests, read from what Deno printed. */
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

/** A failure as the test's author wrote it: the error's message, and the place in the tests that it came from. */
function plainFailure(text: string, files: readonly string[]): string {
  const lines = plainText(text).split("\n");
  const frame = /^\s+at .*file:\/\//;
  const places = lines.filter((line) => frame.test(line) && !/\/kit\/\w+\.ts:/.test(line))
    .map((line) => /([^/\s(]+:\d+):\d+\)?$/.exec(line)?.[1]);
  // A file that was run says more than its helpers.
  const place = places.find((one) => files.includes(one?.split(":")[0] ?? "")) ?? places[0];
  const said = lines.filter((line, index) =>
    !/^\s+at /.test(line) && !isPointer(line) && !isPointer(lines[index + 1])
  ).join("\n").replace(
    /^(?:Uncaught )?(?:\(in promise\) )?(?:Error|KitError|AssertionError): /,
    "",
  ).trim();
  const where = place === undefined ? "" : `\n    at ${place}`;
  return `${said.slice(0, MAX_MESSAGE)}${where}`;
}

/** Whether a line is the mark below a line of source that Deno prints with an error. */
function isPointer(line: string | undefined): boolean {
  return line !== undefined && /^\s*[\^~]+\s*$/.test(line);
}

function firstLine(text: string): string {
  return sentence(text.split("\n")[0]?.replace(/:$/, ""));
}
