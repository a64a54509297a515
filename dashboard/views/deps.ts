import type { Clock } from "../../common/time.ts";
import type { WriterToken } from "../model/auth.ts";
import type { Visibility } from "../../enrolment/visibility.ts";
import type { Hub } from "./hub.ts";
import type { RunFiles } from "../store/files.ts";
import type { Store } from "../store/store.ts";

/** What the dashboard works with; put together by `dashboard.ts`, or by a test. */
export interface Deps {
  store: Store;
  files: RunFiles;
  hub: Hub;
  tokens: readonly WriterToken[];
  /** Public origin, without a slash at its end. */
  baseUrl: string;
  /** Recipes that are enrolled, also those that were never run, and which of all recipes are for the public. */
  enrolments: Visibility;
  clock: Clock;
  /** When the program began, in milliseconds since the epoch. */
  startedAt: number;
  /** With fewer bytes free, here or on a runner host, the status page calls for help. */
  minFreeBytes: number;
  /** Milliseconds between two signs of life on a quiet event stream. @default 15000 */
  keepAliveMs?: number;
  /** Bytes that the log of a run may have. */
  logLimit: number;
  /** Milliseconds a body may take to arrive, or a viewer to take a piece of a log. @default 120000 */
  patienceMs?: number;
}
