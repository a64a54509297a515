import { carryOut, type Commands } from "../local/host/command_line.ts";

/** `./cc-ci bench <what>`; each loads what it needs and no more. */
const benches: Commands = {
  bridge: async (argv) => await (await import("./bridge.ts")).benchBridge(argv),
  dashboard: async (argv) => await (await import("./dashboard.ts")).benchDashboard(argv),
  harness: async (argv) => await (await import("./harness.ts")).benchHarness(argv),
};

if (import.meta.main) Deno.exit(await carryOut(benches, { noun: "bench", argv: Deno.args }));
