import { UsageError } from "../common/errors.ts";
import { joinTests } from "./joined_tests.ts";
import { apart, checkFormat, command, type Counts, root, type SuiteContext, tests } from "./run_suite.ts";

export interface Suite {
  name: string;
  /** What it looks at, for `--help` and the progress line. */
  description: string;
  run(context: SuiteContext): Promise<Counts>;
  /** Docker must hold afterwards what it held before. */
  leavesDockerAsItWas?: true;
  /** Starts our programs from bundles, as hosts do, unless some are named: they are loaded in half of the time. */
  bundled?: true;
  /** Passes or fails as a whole: it has no tests that a filter could pick. */
  whole?: true;
}

/** Folders with the tests that need nothing but this checkout. */
export const unitFolders = [
  "bench",
  "common",
  "conventions",
  "protocol",
  "enrolment",
  "wording",
  "harness",
  "bridge",
  "dashboard",
  "local",
  "programs",
  "host",
];

/** What is in this folder and needs no more either. */
export const unitFiles = ["e2e/suites_test.ts", "e2e/guard_test.ts", "e2e/inventory_test.ts"];

/**
 * Each of these files takes care of its own runs only, so that they can go on side by side. They are begun in this
 * order: the longest first, lest one of them goes on alone in the end.
 */
const harnessTests = [
  ...["broken", "faults", "deaths", "limits", "harness"],
  ...["surplus", "floor", "network", "empty_volume", "pull"],
].map((name) => `e2e/${name}_test.ts`);

const format: Suite = {
  name: "format",
  description: "deno fmt --check",
  run: (context) => checkFormat(context),
  whole: true,
};
const lint: Suite = {
  name: "lint",
  description: "deno lint",
  run: (context) => command(context, ["lint", "-q"]),
  whole: true,
};
const types: Suite = {
  name: "types",
  description: "deno check",
  run: (context) => command(context, ["check", "-q", "."]),
  whole: true,
};
const unit: Suite = {
  name: "unit",
  description: "tests beside the source",
  run: async (context) => {
    const joined = await joinTests(unitFolders, { root, into: context.tmp });
    // Some of the tests wait for processes and browsers.
    return apart(context, {
      name: "unit",
      files: [...joined, ...unitFiles],
      jobs: 3,
    });
  },
};
const pages: Suite = {
  name: "pages",
  description: "the dashboard in a browser, and its API fuzzed from its own description",
  run: (context) => {
    const files = ["fuzz", "pages", "live"].map((what) => `e2e/dashboard_${what}_test.ts`);
    return tests(context, { name: "pages", files, jobs: 2 });
  },
};
const nix = ofOneFile({
  name: "nix",
  description: "what Nix builds of this tree, and what it makes of the modules, without nixpkgs",
});
const demo = ofOneFile({
  name: "demo",
  description:
    "the whole loop from nothing: broken from the sources, and green from bundles, with what a registry has in the place of builds",
});
const installed = ofOneFile({
  name: "installed",
  description: "a run on the Docker Engine that this machine has installed, which may be years old",
  file: "e2e/installed_engine_test.ts",
});
const forge = ofOneFile({
  name: "forge",
  description: "what people can do on a real forge, which is this suite's own",
});
const drone = ofOneFile({
  name: "drone",
  description: "the engine and a real Drone, which is this suite's own: answers lost, runner and server gone",
  file: "e2e/drone_engine_test.ts",
});
const secrets = ofOneFile({
  name: "secrets",
  description: "the secrets of a host by the real sops: made, read by either key, changed, a key lost",
});
const registry = ofOneFile({
  name: "registry",
  description:
    "pulls from a real registry, and from one that answers wrongly, by a Docker Engine of this suite's own",
});
const host: Suite = {
  name: "host",
  description: "the units of a CI host, and its installation, in a Debian of their own that systemd boots",
  run: (context) =>
    tests(context, { name: "host", files: ["e2e/host_test.ts", "e2e/install_test.ts"], jobs: 2 }),
};
const first = ofOneFile({
  name: "first",
  description:
    "from an empty Debian, which systemd boots, to the first green !testme on it, by what docs/install.md says",
  file: "e2e/first_testme_test.ts",
});
const reconcile = ofOneFile({
  name: "reconcile",
  description:
    "the host's own program on Docker Engines of this suite's own: Swarm, proxy, backup bot, and Drone with a real forge",
});
const harness: Suite = {
  name: "harness",
  description: "runs killed at every kind of point, deadlines, full disks, recipes with a mistake",
  // Some files have two runs at a time; more of them only take processor time from each other.
  run: (context) => tests(context, { name: "harness", files: harnessTests, jobs: 2 }),
  bundled: true,
  leavesDockerAsItWas: true,
};
const loop: Suite = {
  name: "loop",
  description: "comments on real pull requests: refusals, restarts, services away, runs as builds of Drone",
  run: (context) => {
    const files = ["check", "inside", "gateway", "loop", "schedule", "drone"].map((what) =>
      `e2e/${what}_test.ts`
    );
    return tests(context, { name: "loop", files });
  },
  bundled: true,
  leavesDockerAsItWas: true,
};
const images: Suite = {
  ...ofOneFile({
    name: "images",
    description: "the local stack with the image of every recipe: what is not there yet is pulled or built",
  }),
  bundled: true,
};
const contract = ofOneFile({
  name: "contract",
  description: "what the harness relies on, asked of the abra in use",
});
const recipes: Suite = {
  name: "recipes",
  description:
    "enrolled recipes up to level 5, each one's pull request in both lanes; a provider of log-ins; an enrolment from a git URL",
  run: (context) => {
    const files = ["recipes", "needs", "enroll"].map((what) => `e2e/${what}_test.ts`);
    return tests(context, { name: "recipes", files });
  },
  bundled: true,
};
const restart = ofOneFile({
  name: "restart",
  description: "Docker itself restarted in the middle of a run",
  file: "e2e/engine_restart_test.ts",
});

/**
 * The batches follow each other. In a batch the lanes go on side by side, and in a lane one suite after the other.
 * A page on its way breaks off when Docker changes the machine's addresses, so nothing that uses Docker goes on beside
 * the suites with browsers of their own; `demo` takes the stack down, `installed` and `restart` all of Docker. Nothing is built beside runs that have a deadline.
 */
const plan: Suite[][][] = [
  [[format, lint, types]],
  [[unit], [pages, nix, secrets]],
  [[demo, installed], [forge, drone], [reconcile, registry], [host, first]],
  [[images]],
  [[harness], [loop, contract], [recipes]],
  [[restart]],
];
export const suites: Suite[] = plan.flat(2);

/** The plan with these suites alone. */
export function planOf(chosen: readonly Suite[]): Suite[][][] {
  return plan
    .map((batch) =>
      batch.map((lane) => lane.filter((suite) => chosen.includes(suite))).filter((lane) => lane.length > 0)
    )
    .filter((batch) => batch.length > 0);
}

/** @throws {UsageError} for a name that no suite has, and for a filter on a suite without tests */
export function chooseSuites({ only, filter }: { only?: string; filter?: string }): Suite[] {
  const wanted = only?.split(",").map((name) => name.trim()).filter((name) => name !== "");
  const unknown = wanted?.find((name) => !suites.some((suite) => suite.name === name));
  if (unknown !== undefined || wanted?.length === 0) {
    throw new UsageError(unknown === undefined ? "--only names no suite" : `There is no suite "${unknown}"`, {
      hint: `Suites are: ${suites.map((suite) => suite.name).join(", ")}`,
    });
  }
  const whole = suites.find((suite) => suite.whole && wanted?.includes(suite.name));
  if (filter !== undefined && whole !== undefined) {
    throw new UsageError(`--filter picks tests, and the suite "${whole.name}" has none`);
  }
  return suites.filter((one) => wanted?.includes(one.name) ?? true);
}

/** A suite of one file of tests, which by default is called as the suite is. */
function ofOneFile(
  { name, description, file = `e2e/${name}_test.ts` }: Pick<Suite, "name" | "description"> & {
    file?: string;
  },
): Suite {
  return { name, description, run: (context) => tests(context, { name, files: [file] }) };
}
