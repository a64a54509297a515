import { UsageError } from "../common/errors.ts";
import { describeError } from "../common/errors.ts";
import { benchBridge } from "./bridge.ts";
import { benchDashboard } from "./dashboard.ts";
import { benchHarness } from "./harness.ts";

/** `./cc-ci bench <what>`: each returns its exit code. */
const benches: Record<string, (argv: string[]) => Promise<number>> = {
  bridge: benchBridge,
  dashboard: benchDashboard,
  harness: benchHarness,
};

if (import.meta.main) {
  const [what = "", ...argv] = Deno.args;
  const bench = Object.hasOwn(benches, what) ? benches[what] : undefined;
  try {
    if (bench === undefined) {
      throw new UsageError(`There is no bench "${what}"; there is: ${Object.keys(benches).join(", ")}`);
    }
    Deno.exit(await bench(argv));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    Deno.stderr.writeSync(new TextEncoder().encode(`${describeError(error)}\n`));
    Deno.exit(2);
  }
}
