import { commitId } from "../../protocol/params.ts";
import { stageNames, type StageReport } from "../../protocol/result.ts";
import { runEvent } from "../../protocol/events.ts";
import { applyEvent, emptyProgress } from "../../dashboard/progress.ts";
import { Store } from "../../dashboard/store.ts";

/** How much there is to show. */
export interface Size {
  recipes: number;
  /** Of each recipe. */
  runs: number;
}

const HOUR = 3600_000;

/** Fills a dashboard's database with runs as harnesses report them, by the calls that take them in. */
export async function fill(state: string, size: Size): Promise<void> {
  using store = new Store(`${state}/dashboard.db`);
  const start = Date.now() - size.runs * 3 * HOUR;
  for (let at = 0; at < size.runs; at++) {
    for (let number = 0; number < size.recipes; number++) {
      one(store, { at, number, now: start + at * 3 * HOUR });
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
}

function one(store: Store, { at, number, now }: { at: number; number: number; now: number }): void {
  const recipe = `recipe-${number}`;
  const run = `${(number * 100_000 + at + 36 ** 6).toString(36)}-1`;
  const src = `recipe-maintainers/${recipe}`;
  const subject = at % 3 === 0
    ? { kind: "pr", pr: at + 1, src } as const
    : { kind: "branch", name: "main", src } as const;
  const commit = commitId.parse((number * 7919 + Math.floor(at / 2)).toString(16).padStart(40, "0"));
  const bad = (number + at) % 7 === 0;
  const t = new Date(now).toISOString();
  const stages: StageReport[] = stageNames.map((name) => ({
    name,
    result: bad && name === "upgrade" ? "failed" : "passed",
    seconds: 2 + (number + at + name.length) % 20,
    ...(bad && name === "upgrade" ? { cause: "data written before the upgrade is gone" } : {}),
    proofs: ["answers at /healthz", "page opened"],
    notes: [],
    screenshots: [`${name}.png`],
    tail: [],
    findings: [],
    resources: [],
    blemishes: [],
  }));
  store.announce(run, { recipe, subject, commit, state: "running", position: 0, cause: null, link: null }, {
    now,
  });
  const progress = emptyProgress();
  applyEvent(progress, runEvent.parse({ t, type: "run.started", run, recipe, subject, stages: stageNames }));
  applyEvent(
    progress,
    runEvent.parse({
      t,
      type: "run.finished",
      result: {
        schema: 1,
        run,
        recipe,
        subject,
        commit,
        dirty: false,
        base: `1.${Math.floor(at / 10)}.0+2.0`,
        result: bad ? "failed" : "passed",
        stage: bad ? "upgrade" : null,
        cause: bad ? "data written before the upgrade is gone" : null,
        level: bad ? 1 : 5,
        stages,
        startedAt: t,
        finishedAt: new Date(now + 90_000).toISOString(),
        seconds: 90,
        imposedSeconds: 40,
        versions: { suite: "0.1.0", abra: "0.11.0", docker: "29.2.1", browser: "Chromium 156" },
        abraStandIn: false,
        notes: [],
        images: [],
        visual: null,
        leftovers: [],
      },
    }),
  );
  store.recordBatch(run, { at: { event: 0, byte: 0, lines: {} }, events: 2, bytes: 0, progress, now });
}
