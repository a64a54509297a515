import { runProcess } from "./harness/command/internal_commands.ts";

Deno.exit(await runProcess(Deno.args) ?? await (await import("./harness/command/cli.ts")).main(Deno.args));
