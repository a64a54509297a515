import type { RunResult, StageReport } from "../../protocol/result.ts";

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
  return {
    result: "passed",
    seconds: 1,
    proofs: [],
    notes: [],
    screenshots: [],
    tail: [],
    findings: [],
    resources: [],
    blemishes: [],
    ...changes,
  };
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
