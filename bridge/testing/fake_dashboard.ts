import {
  type Announcement,
  announcement,
  type BridgeReport,
  bridgeReport,
  type RunView,
} from "../../protocol/dashboard_api.ts";
import type { RunOutcome, RunResult, StageReport } from "../../protocol/result.ts";
import { sampleResult } from "../../protocol/testing/sample_result.ts";
import type { FakeClock } from "../../common/testing/fake_clock.ts";

interface Kept {
  announcement: Announcement;
  at: number;
  stages: RunView["stages"];
  base: string | null;
  heardAt: string | null;
  result: RunResult | null;
}

/** The dashboard's API in memory. The test plays the harness that fills it. */
export class FakeDashboard {
  readonly url = "https://ci.example";
  readonly runs = new Map<string, Kept>();
  /** What the bridge last said of itself. */
  report: BridgeReport | null = null;
  away = false;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    if (this.away) throw new TypeError("Connection refused");
    const run = new URL(request.url).pathname.replace("/api/runs/", "");
    const kept = this.runs.get(run);
    if (request.method === "GET") {
      return kept === undefined
        ? Response.json({ message: "unknown run" }, { status: 404 })
        : Response.json(this.#view(run, kept));
    }
    if (request.headers.get("authorization") !== "Bearer bridge-token") {
      return Response.json({}, { status: 401 });
    }
    if (new URL(request.url).pathname === "/api/bridge") {
      this.report = bridgeReport.parse(await request.json());
      return Response.json({ url: `${this.url}/status` });
    }
    const said = announcement.parse(await request.json());
    if (kept === undefined) {
      this.runs.set(run, {
        announcement: said,
        at: this.#clock.now(),
        heardAt: null,
        stages: [],
        base: null,
        result: null,
      });
    } else kept.announcement = said;
    return Response.json({ url: `${this.url}/runs/${run}` }, { status: kept === undefined ? 201 : 200 });
  };

  /** The harness says which stages there are and how far it is. */
  progress(run: string, stages: RunView["stages"]): void {
    const kept = this.#kept(run);
    kept.stages = stages;
    kept.base = "1.0.0+1.27.0";
  }

  /** The harness is heard. */
  heartbeat(run: string): void {
    this.#kept(run).heardAt = new Date(this.#clock.now()).toISOString();
  }

  /** The harness hands in its result. */
  result(run: string, fields: { result: RunOutcome; stages: StageReport[] } & Partial<RunResult>): void {
    const kept = this.#kept(run);
    const now = new Date(this.#clock.now()).toISOString();
    kept.stages = fields.stages.map((report) => ({ name: report.name, running: false, report }));
    kept.result = sampleResult({
      run,
      recipe: kept.announcement.recipe,
      subject: kept.announcement.subject,
      commit: kept.announcement.commit,
      base: "1.0.0+1.27.0",
      startedAt: now,
      finishedAt: now,
      ...fields,
    });
  }

  #kept(run: string): Kept {
    const kept = this.runs.get(run);
    if (kept === undefined) throw new Error(`Run "${run}" was never announced`);
    return kept;
  }

  #view(run: string, kept: Kept): RunView {
    return {
      run,
      recipe: kept.announcement.recipe,
      subject: kept.announcement.subject,
      commit: kept.announcement.commit,
      base: kept.base,
      state: kept.result?.result ?? kept.announcement.state,
      position: kept.announcement.position,
      cause: kept.result?.cause ?? kept.announcement.cause,
      remark: kept.announcement.remark,
      link: kept.announcement.link,
      url: `${this.url}/runs/${run}`,
      announcedAt: new Date(kept.at).toISOString(),
      startedAt: null,
      finishedAt: null,
      heardAt: kept.heardAt,
      stages: kept.stages,
      result: kept.result,
      shown: true,
      artefacts: [],
    };
  }
}
