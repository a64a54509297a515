import type { Clock } from "../common/time.ts";
import type { WriterToken } from "./auth.ts";
import type { Hub } from "./hub.ts";
import type { RunFiles } from "./run_files.ts";
import type { Store } from "./store.ts";

/** What the dashboard works with; put together by `dashboard.ts`, or by a test. */
export interface Deps {
  store: Store;
  files: RunFiles;
  hub: Hub;
  tokens: readonly WriterToken[];
  /** Public origin, without a slash at its end. */
  baseUrl: string;
  /** Names of enrolled recipes, also of those that were never run. */
  enrolled: () => string[];
  clock: Clock;
  /** Milliseconds between two signs of life on a quiet event stream. @default 15000 */
  keepAliveMs?: number;
}
