import { write } from "../../common/output.ts";
import { engineOption, launcherCommand } from "../host/command_line.ts";
import { Interruption } from "../host/interruption.ts";
import { terminalProgress } from "../host/progress.ts";
import { type EngineName, ensureStack, stopStack } from "../stack/stack.ts";
import { stackStatus, statusText } from "./status.ts";

/** `./cc-ci up`: starts what does not run yet and shows what there is. @returns the exit code */
export async function up(argv: string[]): Promise<number> {
  const { expose = false, ...options } = launcherCommand("up")
    .description("Starts the local stack: Swarm, Traefik, Gitea, dashboard, bridge.")
    .addOption(engineOption())
    .option("--expose", "use a Swarm that publishes beyond this machine")
    .option(
      "--like-production",
      "have the host's own program bring up Swarm, proxy, backup bot and Drone, as on a host",
    )
    .parse(argv, { from: "user" })
    .opts<{ engine?: EngineName; expose?: boolean; likeProduction?: boolean }>();
  using interruption = new Interruption();
  await ensureStack({ progress: terminalProgress(), expose, signal: interruption.signal, ...options });
  write(`\n${statusText(await stackStatus())}`);
  return 0;
}

/** `./cc-ci down`: its cache is all that stays. @returns the exit code */
export async function down(argv: string[]): Promise<number> {
  launcherCommand("down")
    .description("Stops the local stack and removes everything it made, apart from its cache.")
    .parse(argv, { from: "user" });
  using interruption = new Interruption();
  await stopStack({ progress: terminalProgress(), signal: interruption.signal });
  return 0;
}
