import * as z from "zod";
import type { Page } from "../browser/browser.ts";
import { BrokerError, type BrokerOptions } from "./broker_types.ts";
import type { OpenConnection } from "./open_connection.ts";

/** Bytes of what a test sends, or is sent, in one request. */
export const MAX_BODY = 8 * 1024 * 1024;

/** Milliseconds that a call may take. */
export const timeout = z.number().int().min(1).max(120_000);

export interface BrokerState {
  options: BrokerOptions;
  pages: Map<number, Page>;
  pagesOpened: number;
  connections: Map<number, OpenConnection>;
  connectionsOpened: number;
  screenshots: string[];
  /** Aborts when the tests are over. */
  signal: AbortSignal;
}

/** Answers a call of the kit. */
export type Handler = (params: unknown, state: BrokerState) => Promise<unknown>;

/** Makes a handler of what answers a call, whose parameters have to be as the schema says. */
export function method<T extends z.ZodType>(
  schema: T,
  handle: (params: z.infer<T>, state: BrokerState) => Promise<unknown>,
): Handler {
  return async (params, state) => {
    const parsed = schema.safeParse(params);
    if (parsed.success) return await handle(parsed.data, state);
    const [issue] = parsed.error.issues;
    throw new BrokerError(
      "broker.request",
      `The call is not well formed: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
    );
  };
}

/** Returns a text if a test can have all of it: what a test finds missing in a part proves nothing. */
export function whole(
  text: string,
  { most, what, less }: { most: number; what: string; less: string },
): string {
  if (text.length <= most) return text;
  throw new BrokerError("broker.size", `${what} more than ${most / 1024} KiB: ${less}`);
}
