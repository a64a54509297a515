import type { ResourceUse, RunResult } from "../../protocol/result.ts";
import type { ToldStage } from "./story.ts";

/** Stages of made-up runs, as harnesses report them. */

export const E = "\x1b[";

export const images: RunResult["images"] = [
  { service: "app", image: "miniflux/miniflux:2.2.13", bytes: 104_122_248 },
  { service: "db", image: "postgres:15.18", bytes: 368_771_740 },
];

/** What app and database used; MB and seconds. */
function used(db: [memory: number, cpu: number], app: [memory: number, cpu: number]): ResourceUse[] {
  return [
    { service: "db", peakMemoryBytes: db[0] * 1e6, cpuSeconds: db[1], diskBytes: 48_844_863 },
    { service: "app", peakMemoryBytes: app[0] * 1e6, cpuSeconds: app[1], diskBytes: 0 },
  ];
}

/** A run in which all goes well. */
export function good(version = "2.2.13"): ToldStage[] {
  return [
    { name: "fetch", seconds: 1.8, proofs: ["head is the announced commit", "4 published versions"] },
    { name: "lint", seconds: 0.3, proofs: ["compose files parse", "stays within its own stack"] },
    {
      name: "install",
      seconds: 21.4,
      proofs: ["answers at /healthcheck", "page opened", "3 tests passed"],
      screenshots: ["install.png"],
      resources: used([43.3, 2.6], [22.3, 1.1]),
      log: [
        `${E}2m$ abra app new miniflux -s default -D mini-3fa9c1.ci.localhost -n -o -C${E}0m`,
        `${E}32mINFO${E}0m app created`,
        `${E}2m$ abra app secret generate mini-3fa9c1.ci.localhost --all -m -n${E}0m`,
        `${E}2m$ abra app deploy mini-3fa9c1.ci.localhost -C -f -n -o -D -c${E}0m`,
        `${E}33mWARN${E}0m deploying with DNS round robin (dnsrr): this kernel has no IPVS`,
        "Creating network mini-3fa9c1_ci_localhost_internal",
        "Creating service mini-3fa9c1_ci_localhost_db",
        "Creating service mini-3fa9c1_ci_localhost_app",
        `app: ${version} starting, db: healthy after 4.2 s`,
        `${E}32m✓${E}0m 2 of 2 services healthy`,
        `${E}32m✓${E}0m https://mini-3fa9c1.ci.localhost/healthcheck 200, certificate verified`,
        `${E}1minstall_test.ts${E}0m ${E}32m3 passed${E}0m ${E}2m(1.9 s)${E}0m`,
      ],
    },
    {
      name: "backup",
      seconds: 3.1,
      proofs: ["snapshot 8a9c1173, 7 files"],
      resources: used([46.5, 0.4], [19.5, 0.1]),
      log: [
        `${E}2m$ abra app backup create mini-3fa9c1.ci.localhost -n${E}0m`,
        "INFO: run command in mini-3fa9c1_ci_localhost_db: /pg_backup.sh backup",
        "Snapshot 8a9c1173 holds 7 files and folders",
      ],
    },
    {
      name: "restore",
      seconds: 8.7,
      proofs: ["1 record read back", "page opened", "1 test passed"],
      screenshots: ["restore.png"],
      resources: used([52.5, 0.8], [19.6, 0.3]),
      log: ["[db] psql -c 'DROP SCHEMA public CASCADE'", "NOTICE:  drop cascades to 19 other objects"],
    },
    {
      name: "tests",
      seconds: 2.4,
      proofs: ["2 tests passed"],
      resources: used([49.9, 0], [19.1, 0]),
      log: [`own_test.ts ${E}32m2 passed${E}0m`],
    },
    {
      name: "upgrade",
      seconds: 26,
      proofs: ["2.1.0+2.2.12 → 3fa9c1b0", "1 volume kept", "1 record read back", "page opened"],
      screenshots: ["upgrade.png"],
      resources: used([78.2, 5.5], [30.8, 1.7]),
      log: ["$ abra app deploy mini-b81e02.ci.localhost 2.1.0+2.2.12 -n -o -D", "feed marker-5d21 read back"],
    },
    { name: "teardown", seconds: 3.2, proofs: ["nothing left"] },
  ];
}

/** The same, with what keeps a run from being called clean. */
export function untidy(): ToldStage[] {
  const finding = {
    rule: "lint.variable-unset",
    severity: "warning",
    file: "compose.yml",
    line: 17,
    message: "Nothing sets SMTP_HOST, and .env.sample does not show it",
  } as const;
  return good().map((stage): ToldStage =>
    stage.name === "lint" ? { ...stage, findings: [finding] } : stage.name === "install"
      ? {
        ...stage,
        blemishes: ["Console: Failed to load resource: the server responded with a status of 404"],
      }
      : stage
  );
}

/** A run whose upgrade loses what was there before. */
export function losesData(): ToldStage[] {
  return good().map((stage): ToldStage =>
    stage.name !== "upgrade" ? stage : {
      name: "upgrade",
      result: "failed",
      seconds: 26.1,
      cause: "data written before the upgrade is gone",
      detail:
        "Wrote feed marker-5d21 at 2.1.0+2.2.12, upgraded to 3fa9c1b, read back: no such feed.\nThe volume miniflux_db is no longer mounted at /var/lib/postgresql/data (compose.yml, line 41).",
      screenshots: ["upgrade.png"],
      resources: stage.resources ?? [],
      tail: [
        "2026-03-01 11:58:02 UTC [1] LOG:  database system is ready to accept connections",
        '2026-03-01 11:58:09 UTC [71] ERROR:  relation "feeds" does not exist at character 15',
        "2026-03-01 11:58:09 UTC [71] STATEMENT:  SELECT title FROM feeds WHERE title = $1",
      ],
      log: [
        `${E}2m$ abra app deploy mini-b81e02.ci.localhost 2.1.0+2.2.12 -n -o -D${E}0m`,
        `${E}32m✓${E}0m base 2.1.0+2.2.12 healthy after 11 s`,
        "seed: INSERT INTO feeds … marker-5d21",
        `${E}2m$ abra app deploy mini-b81e02.ci.localhost -C -f -n -o -D${E}0m`,
        "UpdateStatus: completed",
        `${E}1;31m✗${E}0m read: expected ${E}36mmarker-5d21${E}0m, got no rows`,
        `<script>alert("a recipe wrote this")</script> stays text`,
      ],
    }
  );
}
