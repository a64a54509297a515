import * as z from "zod";
import {
  type Announcement,
  type BridgeReport,
  runUrl,
  type RunView,
  runView,
} from "../../protocol/dashboard_api.ts";
import { type Answer, retryAfter } from "../../common/answer.ts";

/** The dashboard as the bridge uses it. */
export interface Dashboard {
  /** Public page of a run. */
  page(run: string): string;
  announce(run: string, announcement: Announcement): Promise<Answer<null>>;
  view(run: string): Promise<Answer<RunView>>;
  /** Tells how the bridge is. */
  report(report: BridgeReport): Promise<Answer<null>>;
}

export interface DashboardOptions {
  url: string;
  /** The bridge's token. */
  token: string;
  fetch: typeof fetch;
}

export function dashboardClient(options: DashboardOptions): Dashboard {
  const base = options.url.replace(/\/+$/, "");

  async function call<T>(
    path: string,
    { init, statuses, schema }: { init: RequestInit; statuses: readonly number[]; schema: z.ZodType<T> },
  ): Promise<Answer<T>> {
    try {
      const response = await options.fetch(`${base}${path}`, init);
      const text = await response.text();
      if (!statuses.includes(response.status)) {
        return {
          ok: false,
          status: response.status,
          message: `${init.method} ${path}: status ${response.status}`,
          retryAfterMs: retryAfter(response.headers.get("retry-after"), Date.now()),
        };
      }
      return { ok: true, value: schema.parse(JSON.parse(text)), at: null };
    } catch (error) {
      const known = error instanceof z.ZodError || error instanceof SyntaxError;
      const why = known ? "unexpected answer" : error instanceof Error ? error.message : String(error);
      return { ok: false, status: 0, message: `${init.method} ${path}: ${why}`, retryAfterMs: null };
    }
  }

  const put = (body: unknown): RequestInit => ({
    method: "PUT",
    headers: { authorization: `Bearer ${options.token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });

  return {
    page: (run) => `${base}/runs/${run}`,

    async announce(run, announcement) {
      const answer = await call(`/api/runs/${run}`, {
        init: put(announcement),
        statuses: [200, 201],
        schema: runUrl,
      });
      return answer.ok ? { ...answer, value: null } : answer;
    },

    async report(report) {
      const answer = await call("/api/bridge", { init: put(report), statuses: [200], schema: runUrl });
      return answer.ok ? { ...answer, value: null } : answer;
    },

    // With the token: the runs of a recipe that is not public are shown to nobody else.
    view: (run) =>
      call(`/api/runs/${run}`, {
        init: { method: "GET", headers: { authorization: `Bearer ${options.token}` } },
        statuses: [200],
        schema: runView,
      }),
  };
}
