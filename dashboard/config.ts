import * as z from "zod";
import { readConfig } from "../common/config.ts";

const secret = z.string().min(16, "must have at least 16 characters");

const settings = z.object({
  /** `host:port` to listen on. */
  LISTEN: z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):[0-9]{1,5}$/, 'must be "host:port"'),
  /** Folder for the database, logs and artefacts. */
  STATE: z.string().min(1),
  /** The address people use. */
  DASHBOARD_URL: z.url({ protocol: /^https?$/ })
    .refine((url) => new URL(url).pathname === "/", "must have no path: pages use links from the root")
    .transform((url) => new URL(url).origin),
  BRIDGE_TOKEN: secret,
  RUNNER_TOKEN: secret,
  /** Folder of enrolments; with it recipes that were never run are listed too, and private ones are hidden. */
  RECIPES: z.string().optional(),
  /** Days after which a run may be removed. */
  KEEP_DAYS: z.coerce.number().int().min(1).default(365),
  /** Runs kept of each recipe. */
  KEEP_RUNS: z.coerce.number().int().min(1).default(200),
}).refine((all) => all.BRIDGE_TOKEN !== all.RUNNER_TOKEN, {
  message: "must differ from CCCI_BRIDGE_TOKEN",
  path: ["RUNNER_TOKEN"],
});
export type Settings = z.infer<typeof settings>;

/** Settings of the dashboard from its environment. @throws {UsageError} naming every variable that is wrong. */
export function readSettings(env?: (name: string) => string | undefined): Settings {
  return readConfig(settings, env);
}
