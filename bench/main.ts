import { carryOut, type Commands } from "../local/host/command_line.ts";

/** `./cc-ci bench <what>`; each loads what it needs and no more. */
const benches: Commands = {
  bridge: async (argv) => await (await import("./bridge.ts")).benchBridge(argv),
  dashboard: async (argv) => await (await import("./dashboard.ts")).benchDashboard(argv),
  harness: async (argv) => await (await import("./harness.ts")).benchHarness(argv),
};

const usage = `Usage: ./cc-ci bench NAME [OPTIONS]

  bridge     what the bridge asks of a forge, and how it grows
  dashboard  what the dashboard bears: pages, badges, viewers and logs under load
  harness    what a run costs beside a plain shell script

"./cc-ci bench NAME --help" lists the options of one.
`;

if (import.meta.main) Deno.exit(await carryOut(benches, { noun: "bench", usage, argv: Deno.args }));
