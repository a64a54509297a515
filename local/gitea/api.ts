import { PORTS } from "../host/paths.ts";
import { StackError } from "../host/errors.ts";

export interface ForgeAnswer {
  status: number;
  body: unknown;
}

/** Calls Gitea's API as one account, past the ingress. */
export type ForgeCall = (
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: Record<string, unknown>,
) => Promise<ForgeAnswer>;

/** @param account logs in by password: a token cannot make tokens. */
export function forgeApi(gateway: string, account: { name: string; password: string }): ForgeCall {
  const authorization = `Basic ${btoa(`${account.name}:${account.password}`)}`;
  return async (method, path, body) => {
    const response = await fetch(`http://${gateway}:${PORTS.gitea}/api/v1${path}`, {
      method,
      redirect: "manual",
      headers: { authorization, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    let parsed: unknown;
    try {
      parsed = text === "" ? undefined : JSON.parse(text);
    } catch {
      parsed = text;
    }
    return { status: response.status, body: parsed };
  };
}

/** Goes on only after one of the statuses expected. */
export function expectStatus(answer: ForgeAnswer, what: string, ...expected: number[]): unknown {
  if (expected.includes(answer.status)) return answer.body;
  throw new StackError(
    `Could not ${what}: Gitea answered ${answer.status} ${JSON.stringify(answer.body)?.slice(0, 300) ?? ""}`,
  );
}
