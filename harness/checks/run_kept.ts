import { basename } from "node:path";
import { systemClock } from "../../common/time.ts";
import type { StageName } from "../../protocol/result.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { domainsOf, domainsOfRun } from "../app/settings.ts";
import type { Browser } from "../browser/types.ts";
import type { TestOutcome } from "../recipe_tests/outcome.ts";
import type { KeptApp, PlannedApp, RunFolder, RunPlan } from "../run/folder.ts";
import { Redactor } from "../run/redact.ts";
import { RedactedLines } from "../run/redacted_lines.ts";
import { stagePlans } from "../run/stage_plan.ts";
import type { Swarm } from "../swarm/swarm.ts";
import {
  lookAtEnrolledTests,
  lookAtRecipeTests,
  type LookedAt,
  type TestFinding,
  type TestKind,
} from "./check_tests.ts";
import { browserFor } from "./open_browser.ts";
import { runAgainst } from "./run_against.ts";

/** An app that a run has left up, and the tests that are to be run against it. */
export interface KeptTests {
  folder: RunFolder;
  plan: RunPlan;
  app: PlannedApp;
  kept: KeptApp;
  enrolment: Enrolment;
  /** Real path of the folder whose `tests/` are the recipe's own; null: there is none. */
  checkout: string | null;
  /** Stages whose tests are run. */
  stages: readonly StageName[];
  swarm: Swarm;
  /** Takes each line that the tests print, and what is told about them. */
  say: (line: string) => void;
  signal: AbortSignal;
  open?: typeof browserFor;
}

/** What came of the tests of one stage. */
export interface KeptOutcome {
  stage: StageName;
  /** Mistakes for which the tests were not run. */
  mistakes: TestFinding[];
  /** Null where they were not run. */
  outcome: TestOutcome | null;
}

/** Which of the enrolment's tests belong to which stage. */
const kindOf: Partial<Record<StageName, TestKind>> = {
  install: "install",
  restore: "backup",
  upgrade: "upgrade",
};

/**
 * Runs tests against an app that a run has left up, in the same sandbox and through the same broker as in a run.
 * Stages without tests are left out of what is returned.
 * @throws {SandboxError} when the host cannot confine the tests that have to be
 */
export async function runKeptTests(tests: KeptTests): Promise<KeptOutcome[]> {
  const { app, kept, enrolment, plan, swarm, folder, signal, stages, open = browserFor } = tests;
  const { settings } = plan;
  const redactor = new Redactor();
  for (const secret of kept.hidden) redactor.add(secret);
  const lines = new RedactedLines(redactor, { clock: systemClock, emit: tests.say });
  const starting = open(domainsOfRun(plan, enrolment), { settings, family: plan.request.run });
  starting.catch(() => {}); // a test that opens a page gets its error
  try {
    const look = { settings, tmp: folder.tmp, timeoutMs: 120_000, signal };
    const [enrolled, own] = await Promise.all([
      lookAtEnrolledTests(enrolment, look),
      tests.checkout === null || !stages.includes("tests")
        ? nothing
        : lookAtRecipeTests(tests.checkout, look),
    ]);
    for (const { severity, file, message } of [...enrolled.findings, ...own.findings]) {
      if (severity === "note") tests.say(`${file}: ${message}`);
    }
    const services = (await swarm.services(app.stack)).map(({ Spec }) =>
      Spec.Name.slice(app.stack.length + 1)
    );
    const subject = {
      recipe: enrolment.recipe,
      stack: app.stack,
      domains: domainsOf(app.domain, enrolment),
      domainNames: enrolment.extra_domains,
      services,
      secrets: kept.secrets,
      version: kept.version,
      base: kept.base,
      marker: kept.marker,
      handed: kept.handed,
      swarm,
      settings,
      browser: laterBrowser(starting),
    };
    const outcomes: KeptOutcome[] = [];
    for (const stage of stages) {
      const { files, mistakes, checked } = ofStage(stage, { enrolled, own });
      if (files.length === 0) continue;
      const run = mistakes.length > 0 ? null : await runAgainst(subject, {
        files,
        confined: stage === "tests",
        checked,
        stage,
        folder,
        screenshotPrefix: `tests-only-${stage}-`,
        timeoutMs: 1000 *
          (enrolment.timeouts[stage] ?? stagePlans.find(({ name }) => name === stage)?.seconds ?? 600),
        onLine: (line) => lines.push(line),
        signal,
      });
      lines.flush();
      signal.throwIfAborted();
      outcomes.push(redactor.value({ stage, mistakes, outcome: run }));
    }
    return outcomes;
  } finally {
    await starting.then((browser) => browser[Symbol.asyncDispose](), () => {});
  }
}

/** A browser that is still starting: only tests that open a page wait for it. */
function laterBrowser(starting: Promise<Browser>): Browser {
  return {
    version: "unknown",
    sandbox: true,
    folder: "",
    page: async () => await (await starting).page(),
    [Symbol.asyncDispose]: async () => await (await starting)[Symbol.asyncDispose](),
  };
}

const nothing: LookedAt = { files: [], findings: [], checked: true };

function ofStage(stage: StageName, { enrolled, own }: { enrolled: LookedAt; own: LookedAt }) {
  const errors = ({ findings }: LookedAt) => findings.filter(({ severity }) => severity === "error");
  if (stage === "tests") return { ...own, mistakes: errors(own) };
  const file = `${kindOf[stage]}_test.ts`;
  const files = enrolled.files.filter((path) => basename(path) === file);
  // A mistake in a helper concerns every file that may import it.
  const mistakes = errors(enrolled).filter((one) => {
    const name = basename(one.file);
    return name === file || !enrolled.files.some((path) => basename(path) === name);
  });
  return { files, mistakes, checked: enrolled.checked };
}
