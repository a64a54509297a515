import { join } from "node:path";
import { appIngressOf } from "../../common/ingress.ts";
import type { Browser } from "../browser/types.ts";
import type { Orphan } from "../recipe_tests/broker_types.ts";
import { runTests, type TestOutcome } from "../recipe_tests/runner.ts";
import type { StageName } from "../../protocol/result.ts";
import type { HandedValue, RunFolder } from "../run/folder.ts";
import type { Settings } from "../run/settings.ts";
import { execIn } from "../swarm/exec.ts";
import type { Swarm } from "../swarm/swarm.ts";
import { denoCache } from "./check_tests.ts";
import { locator } from "./locate.ts";

/** An app that tests are run against. */
export interface TestSubject {
  recipe: string;
  stack: string;
  /** Its domains: the app's own, then one for each of the names. */
  domains: readonly string[];
  /** `extra_domains` of `recipe.yml`. */
  domainNames: readonly string[];
  services: readonly string[];
  secrets: Readonly<Record<string, string>>;
  /** What is deployed: a published version, or the short commit under test. */
  version: string;
  /** Published version that it was upgraded from. */
  base: string | null;
  /** What the run's data is written with. */
  marker: string;
  /** Domains of the apps that need it, if it is a provider. */
  neededBy?: readonly string[];
  /** Values that its set-up has handed on, by name. */
  handed: Readonly<Record<string, HandedValue>>;
  /** What earlier runs have left at it, if it is a provider that stays up. */
  orphans?: readonly Orphan[];
  swarm: Swarm;
  settings: Settings;
  browser: Browser;
}

export interface TestCall {
  /** Absolute paths of the test files, all of one folder. */
  files: readonly string[];
  /** Whether nobody vouches for them: they run in the sandbox, and may run no commands in containers. */
  confined: boolean;
  /** Whether they need no other check of their types. */
  checked: boolean;
  stage: StageName;
  folder: Pick<RunFolder, "tmp" | "screenshots">;
  /** Put before each screenshot's file name. */
  screenshotPrefix: string;
  timeoutMs: number;
  /** Takes a value that the files hand on; without it none can be. */
  hand?: (name: string, value: HandedValue) => void;
  onLine: (line: string) => void;
  signal: AbortSignal;
}

/** Runs test files against an app, whose broker does for them what they may ask for. */
export async function runAgainst(subject: TestSubject, call: TestCall): Promise<TestOutcome> {
  const { swarm, stack, settings, services, domains, domainNames } = subject;
  const [domain = ""] = domains;
  const { confined, stage, folder } = call;
  return await runTests({
    files: call.files,
    confined,
    typeCheck: !call.checked,
    broker: {
      app: {
        recipe: subject.recipe,
        domain,
        domains: Object.fromEntries(domainNames.map((name, at) => [name, domains[at + 1] ?? ""])),
        url: `https://${domain}`,
        stage,
        version: subject.version,
        ...(subject.base === null ? {} : { base: subject.base }),
        marker: subject.marker,
        ...(subject.neededBy === undefined ? {} : { neededBy: subject.neededBy }),
      },
      domains,
      ingress: await appIngressOf(settings),
      browser: subject.browser,
      services,
      locate: locator(swarm, { stack, services }),
      ...(confined ? {} : {
        exec: async (service, argv, options) => {
          const { Id: id } = await swarm.containerOf(stack, service);
          return await execIn(swarm, id, { argv, ...options });
        },
      }),
      secrets: subject.secrets,
      handed: subject.handed,
      orphans: subject.orphans ?? [],
      ...(call.hand === undefined ? {} : { hand: call.hand }),
      screenshotsDir: folder.screenshots,
      screenshotPrefix: call.screenshotPrefix,
    },
    tmp: join(folder.tmp, `tests-${stage}`),
    deno: settings.DENO,
    denoDir: denoCache(settings.RUNS),
    timeoutMs: call.timeoutMs,
    onLine: call.onLine,
    signal: call.signal,
  });
}
