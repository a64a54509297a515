import { runProcess } from "./harness/run_process.ts";

Deno.exit(await runProcess(Deno.args) ?? await (await import("./harness/cli.ts")).main(Deno.args));
