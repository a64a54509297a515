import { main } from "./host/command/cli.ts";

Deno.exit(await main(Deno.args));
