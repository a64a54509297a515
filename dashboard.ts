import { complain } from "./common/output.ts";
import { describeError, UsageError } from "./common/errors.ts";
import { logger, setUpLogging } from "./common/log.ts";
import { refuseWithheld } from "./common/permissions.ts";
import { systemClock } from "./common/time.ts";
import { tlsOf } from "./common/tls.ts";
import { readSettings } from "./dashboard/routes/config.ts";
import { visibility } from "./enrolment/visibility.ts";
import { keepHouse } from "./dashboard/views/housekeeping.ts";
import { Hub } from "./dashboard/views/hub.ts";
import { RunFiles } from "./dashboard/store/files.ts";
import { serve } from "./dashboard/routes/serve.ts";
import { Store } from "./dashboard/store/store.ts";

/** Keeps runs and artefacts and shows them. Runs with the permission set `dashboard`. */
async function main(): Promise<void> {
  const settings = readSettings();
  await refuseWithheld({
    read: [settings.STATE, ...settings.RECIPES === undefined ? [] : [settings.RECIPES]],
    write: [settings.STATE],
    net: [settings.LISTEN],
    sys: ["statfs"],
  });
  await setUpLogging();
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => stop.abort());

  Deno.mkdirSync(`${settings.STATE}/runs`, { recursive: true });
  using store = new Store(`${settings.STATE}/dashboard.db`);
  using hub = new Hub();
  const deps = {
    store,
    hub,
    files: new RunFiles(`${settings.STATE}/runs`),
    tokens: settings.tokens,
    baseUrl: settings.DASHBOARD_URL,
    enrolments: visibility(settings.RECIPES, systemClock),
    clock: systemClock,
    startedAt: systemClock.now(),
    logLimit: settings.LOG_LIMIT,
    minFreeBytes: settings.MIN_FREE_GB * 1e9,
  };
  const retention = { days: settings.KEEP_DAYS, runs: settings.KEEP_RUNS };
  const house = keepHouse(deps, { retention, stop: stop.signal, clock: systemClock });
  await serve(deps, { listen: settings.LISTEN, tls: tlsOf(settings), stop: stop.signal, clock: systemClock });
  stop.abort();
  await house;
}

if (import.meta.main) {
  try {
    await main();
    Deno.exit(0);
  } catch (error) {
    if (!(error instanceof UsageError)) {
      logger("dashboard").error("Could not go on", { error: String(error) });
      throw error;
    }
    complain(describeError(error));
    Deno.exit(2);
  }
}
