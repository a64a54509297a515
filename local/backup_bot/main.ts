/**
 * The bot's commands, run in its container as `/usr/bin/backup -- create|snapshots|restore`. What for is in the
 * environment, as abra hands it over: SERVICE (domain or stack), SNAPSHOT, NONINTERACTIVE, MACHINE_LOGS.
 */
import { complain, write } from "../../common/output.ts";
import { describeError } from "../../common/errors.ts";
import { type App, type Bot, create, type Level, restore, snapshots } from "./bot.ts";
import { BotError, engineAt } from "./engine.ts";
import { restic } from "./restic.ts";
import { VOLUMES } from "./volumes.ts";

/** To the caller and to the log of the service. */
function log(level: Level, message: string): void {
  const line = Deno.env.get("MACHINE_LOGS") === "true"
    ? JSON.stringify({ message_type: level, message })
    : `${level}: ${message}`;
  complain(line);
  try {
    Deno.writeTextFileSync("/proc/1/fd/2", `${new Date().toISOString()} ${level}: ${message}\n`, {
      append: true,
    });
  } catch { /* not in the service's container */ }
}

async function run(command: string | undefined): Promise<void> {
  const name = Deno.env.get("SERVICE");
  if (name === undefined || name === "") throw new BotError("SERVICE does not say which app");
  const app: App = { name, stack: name.replaceAll(".", "_") };
  using engine = engineAt("/var/run/docker.sock");
  const bot: Bot = { engine, restic, log, root: VOLUMES, secrets: "/secrets" };
  if (command === "create") return await create(app, bot);
  if (command === "snapshots") {
    for (const { time, short_id } of await snapshots(app, bot)) {
      write(`${time} ${short_id}\n`);
    }
    return;
  }
  if (command === "restore") {
    const wanted = Deno.env.get("SNAPSHOT") || "latest";
    const warning = "THIS COMMAND WILL IRREVERSIBLY OVERWRITE FILES. Type YES (uppercase) to continue:";
    if (Deno.env.get("NONINTERACTIVE") !== "true" && prompt(warning) !== "YES") {
      throw new BotError("Restore aborted");
    }
    return await restore(app, { wanted, bot });
  }
  throw new BotError(`No such command '${command ?? ""}'`);
}

try {
  await run(Deno.args.find((word) => word !== "--"));
} catch (error) {
  log("ERROR", describeError(error));
  Deno.exit(1);
}
