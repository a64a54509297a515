import { type RunResult, type StageReport, stageReport } from "../result.ts";

/** A made-up run for tests and for looking at the reports. */
export function sampleResult(changes: Partial<RunResult> = {}): RunResult {
  return {
    schema: 1,
    run: "k3x9q2ab-1",
    recipe: "miniflux",
    subject: { kind: "pr", pr: 12, src: "recipe-maintainers/miniflux" },
    commit: "3fa9c1b7d2e84c0f9a1b2c3d4e5f60718293a4b5",
    dirty: false,
    base: "2.1.0+2.2.13",
    result: "passed",
    stage: null,
    cause: null,
    level: 2,
    stages: [
      sampleStage({ name: "fetch", seconds: 0.8, proofs: ["is the head of PR #12", "2 published versions"] }),
      sampleStage({ name: "lint", seconds: 0.3, proofs: ["confined to its own stack"] }),
      sampleStage({
        name: "install",
        seconds: 21.4,
        proofs: ["answers at /healthcheck", "page opened", "3 tests"],
        screenshots: ["install.png"],
      }),
      sampleStage({
        name: "upgrade",
        seconds: 26.2,
        proofs: ["from 2.1.0+2.2.13", "data still there"],
        screenshots: ["upgrade.png"],
      }),
      sampleStage({ name: "teardown", seconds: 3.1, proofs: ["nothing left"] }),
    ],
    startedAt: "2026-03-01T10:00:00.000Z",
    finishedAt: "2026-03-01T10:01:12.000Z",
    seconds: 72,
    imposedSeconds: 31,
    versions: {
      suite: "0.1.0",
      abra: "0.13.0-beta-06a57de",
      docker: "28.2.2",
      browser: "Chrome/156.0.8078.79",
    },
    abraStandIn: false,
    notes: [],
    images: [],
    visual: null,
    leftovers: [],
    ...changes,
  };
}

/** A stage that passed in a second, with changes. */
export function sampleStage(changes: Partial<StageReport> & Pick<StageReport, "name">): StageReport {
  return stageReport.parse({ result: "passed", seconds: 1, ...changes });
}

/** The same run, failed because its upgrade lost the data. */
export function sampleFailure(changes: Partial<RunResult> = {}): RunResult {
  const stages = sampleResult().stages.map((stage) =>
    stage.name !== "upgrade" ? stage : sampleStage({
      name: "upgrade",
      result: "failed",
      seconds: 26.2,
      cause: "data written before the upgrade is gone",
      detail:
        'Wrote feed "marker-5d21" at 2.1.0+2.2.13, upgraded to 3fa9c1b, read back: no such feed.\nThe volume miniflux_db is no longer mounted at /var/lib/postgresql/data (compose.yml, line 41).',
      screenshots: ["upgrade.png"],
      tail: [
        '2026-03-01T10:00:58Z level=INFO msg="Starting HTTP server" listen_address=0.0.0.0:8080',
        '2026-03-01T10:00:59Z level=ERROR msg="Unable to find feed" feed=marker-5d21',
      ],
    })
  );
  return sampleResult({
    result: "failed",
    stage: "upgrade",
    cause: "data written before the upgrade is gone",
    level: 1,
    stages,
    ...changes,
  });
}

/** A run in which everything was found that can be: for the sections that a plain run does not have. */
export function sampleRich(changes: Partial<RunResult> = {}): RunResult {
  const use = (service: string, [megabytes, cpuSeconds, disk]: [number, number, number | null]) => ({
    service,
    peakMemoryBytes: megabytes * 1e6,
    cpuSeconds,
    diskBytes: disk === null ? null : disk * 1e6,
  });
  return sampleResult({
    level: 4,
    seconds: 96,
    stages: [
      sampleStage({ name: "fetch", seconds: 0.8, proofs: ["3fa9c1b7, over 2.1.0+2.2.13"] }),
      sampleStage({
        name: "lint",
        seconds: 0.6,
        proofs: ["compose files parse", "stays within its own stack"],
        findings: [
          {
            rule: "lint.config-version",
            severity: "warning",
            file: "abra.sh",
            line: 3,
            message: "ENTRYPOINT_VERSION did not change although entrypoint.sh did",
            hint: "Raise it, or Swarm refuses the update on every server that runs the recipe",
          },
          {
            rule: "lint.unset",
            severity: "warning",
            file: "compose.yml",
            message: 'Nothing sets "LOG_FORMAT", Docker makes it empty',
          },
        ],
        blemishes: [
          "abra.sh, line 3: ENTRYPOINT_VERSION did not change although entrypoint.sh did [lint.config-version]",
          'compose.yml: Nothing sets "LOG_FORMAT", Docker makes it empty [lint.unset]',
        ],
      }),
      sampleStage({
        name: "install",
        seconds: 21.4,
        proofs: ["answers at /healthcheck", "page opened", "3 tests passed"],
        screenshots: ["install.png", "install-feeds.png"],
        resources: [use("db", [48.2, 1.31, 47.1]), use("app", [19.9, 0.42, 0.1])],
        blemishes: ["Request failed: /favicon-32.png answered with 404"],
      }),
      sampleStage({
        name: "backup",
        seconds: 3.4,
        proofs: ["2 volumes, 1 database dump, 4.1 MB"],
        resources: [use("db", [61.7, 0.9, 51.3]), use("app", [20.4, 0.05, 0.1])],
      }),
      sampleStage({
        name: "restore",
        seconds: 9.2,
        proofs: ["data destroyed and back"],
        screenshots: ["restore.png"],
        resources: [use("db", [66.3, 1.62, 51.9]), use("app", [21.1, 0.37, 0.1])],
      }),
      sampleStage({ name: "tests", seconds: 4.1, proofs: ["6 tests passed"] }),
      sampleStage({
        name: "upgrade",
        seconds: 26.2,
        proofs: ["2.1.0+2.2.13 → 3fa9c1b7", "1 volume kept", "1 record read back", "page opened"],
        notes: ["New in .env.sample, taken over for the upgrade: LOG_FORMAT"],
        screenshots: ["upgrade.png"],
        resources: [use("db", [52.9, 2.04, 47.3]), use("app", [20.2, 0.71, null])],
      }),
      sampleStage({ name: "teardown", seconds: 3.1, proofs: ["nothing left"] }),
    ],
    images: [
      { service: "app", image: "miniflux/miniflux:2.2.14", bytes: 21_400_000 },
      { service: "db", image: "postgres:17-alpine", bytes: 278_900_000 },
    ],
    visual: {
      before: "upgrade-before.png",
      after: "upgrade.png",
      difference: "upgrade-difference.png",
      changed: 0.0421,
    },
    ...changes,
  });
}
