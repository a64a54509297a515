import * as z from "zod";
import { readConfig } from "../../common/config.ts";
import { UsageError } from "../../common/errors.ts";
import { tlsSettings } from "../../common/tls.ts";
import { hostTokens, sameToken, type WriterToken, writerToken } from "../model/auth.ts";

const secret = z.string().min(16, "must have at least 16 characters");

const settings = z.object({
  /** `host:port` to listen on. */
  LISTEN: z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):[0-9]{1,5}$/, 'must be "host:port"'),
  ...tlsSettings,
  /** Folder for the database, logs and artefacts. */
  STATE: z.string().min(1),
  /** The address people use. */
  DASHBOARD_URL: z.url({ protocol: /^https?$/ })
    .refine((url) => new URL(url).pathname === "/", "must have no path: pages use links from the root")
    .transform((url) => new URL(url).origin),
  /** Token with which the bridge writes, at least 16 characters. */
  BRIDGE_TOKEN: secret,
  /** Token of the only runner host; without it `RUNNER_TOKENS` has to be there. */
  RUNNER_TOKEN: secret.optional(),
  /** Runner hosts with the digests of their tokens, see {@linkcode hostTokens}. */
  RUNNER_TOKENS: z.string().optional(),
  /** Folder of enrolments; with it recipes that were never run are listed too, and private ones are hidden. */
  RECIPES: z.string().optional(),
  /** Days after which a run may be removed. */
  KEEP_DAYS: z.coerce.number().int().min(1).default(365),
  /** With less space, here or on a runner host, the status page calls for help. Harnesses stop below theirs. */
  MIN_FREE_GB: z.coerce.number().nonnegative().default(10),
  /** Runs kept of each recipe. */
  KEEP_RUNS: z.coerce.number().int().min(1).default(200),
  /** Bytes that the log of a run may have; what a harness sends beyond is refused. */
  LOG_LIMIT: z.coerce.number().int().min(1_000_000).default(1_000_000_000),
});

/** Who may write, as far as the settings say. */
export interface Settings extends Omit<z.infer<typeof settings>, `${string}_TOKEN` | "RUNNER_TOKENS"> {
  tokens: WriterToken[];
}

/** Settings of the dashboard from its environment. @throws {UsageError} naming every variable that is wrong. */
export function readSettings(env?: (name: string) => string | undefined): Settings {
  const { BRIDGE_TOKEN, RUNNER_TOKEN, RUNNER_TOKENS, ...others } = readConfig(settings, env);
  const bridge = writerToken("bridge", BRIDGE_TOKEN);
  const runners = [
    ...RUNNER_TOKEN === undefined ? [] : [writerToken("runner", RUNNER_TOKEN)],
    ...readHosts(RUNNER_TOKENS ?? ""),
  ];
  if (runners.length === 0) {
    throw wrong("RUNNER_TOKEN", "missing, and CCCI_RUNNER_TOKENS names no host either");
  }
  for (const [at, runner] of runners.entries()) {
    if (sameToken(runner, bridge)) throw wrong("RUNNER_TOKEN", "must differ from CCCI_BRIDGE_TOKEN");
    const twin = runners.slice(0, at).find((other) => sameToken(other, runner));
    if (twin !== undefined) {
      throw wrong(
        "RUNNER_TOKENS",
        `"${runner.name}" has the token of "${twin.name}"; each host needs its own`,
      );
    }
  }
  return { ...others, tokens: [bridge, ...runners] };
}

function readHosts(text: string): WriterToken[] {
  try {
    return hostTokens(text);
  } catch (cause) {
    if (cause instanceof RangeError) throw wrong("RUNNER_TOKENS", cause.message);
    throw cause;
  }
}

function wrong(name: string, what: string): UsageError {
  return new UsageError(`Could not read the configuration: CCCI_${name}: ${what}`);
}
