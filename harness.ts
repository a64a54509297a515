import { main } from "./harness/cli.ts";

Deno.exit(await main(Deno.args));
