import { Octokit } from "@octokit/rest";
import * as z from "zod";
import { type Failure, retryAfter, type Success } from "../../common/answer.ts";
import { type Clock, systemClock } from "../../common/time.ts";
import { type Answered, isOwnWord } from "./own_word.ts";
import { RetryGate, type Target } from "./retry_gate.ts";

export interface GiteaOptions {
  /** Address of the forge without `/api/v1`. */
  url: string;
  token: string;
  fetch: typeof fetch;
  clock?: Clock;
  /** Shared by all that call the same forge. @default one of its own */
  gate?: RetryGate;
}

const readTries = 3;

export type Parameters = Record<string, unknown>;

interface Expected<T> {
  statuses: readonly number[];
  schema: z.ZodType<T>;
}

/** A value, and how many entries the forge says that the whole list has; `null` where it does not say. */
export type Counted<T> = Success<T> & { total: number | null };
export type CountedAnswer<T> = Counted<T> | Failure;

/** Calls of Gitea's API, with answers as values. */
export interface GiteaClient {
  call<T>(route: string, parameters: Parameters, expected: Expected<T>): Promise<CountedAnswer<T>>;
  /** Only reads are repeated: nobody knows whether a write without an answer was carried out. */
  read<T>(route: string, parameters: Parameters, schema: z.ZodType<T>): Promise<CountedAnswer<T>>;
  /** Milliseconds for which nothing about a repository is asked, since the forge wants it so; 0 for none. */
  pausedMs(repo: string): number;
}

/**
 * Octokit, for a forge that differs from GitHub: redirects are not followed, since a POST would become a GET.
 */
export function giteaClient(options: GiteaOptions): GiteaClient {
  const clock = options.clock ?? systemClock;
  const gate = options.gate ?? new RetryGate(clock);
  const octokit = new Octokit({
    baseUrl: `${options.url.replace(/\/+$/, "")}/api/v1`,
    auth: options.token,
    userAgent: "cc-ci",
    log: { debug() {}, info() {}, warn() {}, error() {} },
    request: { fetch: options.fetch, redirect: "manual" },
  });

  async function call<T>(
    route: string,
    parameters: Parameters,
    expected: Expected<T>,
  ): Promise<CountedAnswer<T>> {
    const left = gate.leftMs(targetOf(parameters));
    if (left > 0) {
      return { ...failure(429, `Not asked before its time comes: ${route}`), retryAfterMs: left };
    }
    const answered = await send(route, parameters);
    if ("ok" in answered) return answered;
    const { status, headers, data } = answered;
    const retryAfterMs = retryAfter(text(headers["retry-after"]), clock.now());
    if (status >= 400 && retryAfterMs !== null) gate.close(targetOf(parameters), retryAfterMs);
    if (!isOwnWord(answered, octokit.request.endpoint(route, parameters).url)) {
      const type = text(headers["content-type"]) ?? "no content type";
      return { ...failure(0, `No answer of the forge itself to ${route}: ${status}, ${type}`), retryAfterMs };
    }
    if (status >= 400) return { ...failure(status, `${route}: ${saying(data)}`), retryAfterMs };
    if (!expected.statuses.includes(status)) {
      return failure(status, `Unexpected status ${status} for ${route}`);
    }
    const parsed = expected.schema.safeParse(data);
    if (!parsed.success) return failure(status, `Unexpected answer to ${route}`);
    const date = Date.parse(text(headers.date) ?? "");
    const total = /^\d+$/.exec(text(headers["x-total-count"]) ?? "")?.[0];
    return {
      ok: true,
      value: parsed.data,
      at: Number.isNaN(date) ? null : date,
      total: total === undefined ? null : Number(total),
    };
  }

  /** Whatever was answered; Octokit throws from 400 on. */
  async function send(route: string, parameters: Parameters): Promise<Answered | Failure> {
    try {
      return await octokit.request(route, parameters);
    } catch (error) {
      const answered = httpError.safeParse(error);
      return answered.success
        ? { ...answered.data.response, status: answered.data.status }
        : failure(0, `No answer to ${route}: ${message(error)}`);
    }
  }

  async function read<T>(
    route: string,
    parameters: Parameters,
    schema: z.ZodType<T>,
  ): Promise<CountedAnswer<T>> {
    for (let attempt = 1;; attempt++) {
      const answer = await call(route, parameters, { statuses: [200], schema });
      const passing = !answer.ok && (answer.status === 0 || answer.status >= 500) &&
        answer.retryAfterMs === null;
      if (!passing || attempt === readTries) return answer;
      await clock.sleep(150 * attempt);
    }
  }

  return { call, read, pausedMs: (repo) => gate.leftMs(targetOf(split(repo))) };
}

/** Octokit's error for an answered request. One without `response` is a failed connection (its status says 500). */
const httpError = z.object({
  status: z.number(),
  response: z.object({ headers: z.record(z.string(), z.unknown()), data: z.unknown() }),
});

/** A failure for which nobody asks to be left alone. */
export function failure(status: number, message: string): Failure {
  return { ok: false, status, message, retryAfterMs: null };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function targetOf({ owner, org, name }: Parameters): Target {
  const whose = text(owner) ?? text(org) ?? null;
  const which = text(name);
  return { owner: whose, repo: whose === null || which === undefined ? null : `${whose}/${which}` };
}

/** The sentence in the forge's refusal; in production a 500 has none. */
function saying(data: unknown): string {
  const said = z.object({ message: z.string() }).safeParse(data);
  return said.success && said.data.message !== "" ? said.data.message.slice(0, 300) : "no reason given";
}

function message(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 300) : String(error);
}

/** A time as the forge writes it, in milliseconds since the epoch. */
export const instant = z.string().transform((text, context) => {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) context.addIssue({ code: "custom", message: "not a time" });
  return ms;
});

/** The two parts of a repository's name, as routes want them. */
export function split(repo: string): { owner: string; name: string } {
  const [owner = "", name = ""] = repo.split("/");
  return { owner, name };
}

/** Whole seconds in UTC: an offset's `+` would arrive as a space. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
