import { faultMark } from "../run/fault_mark.ts";
import { processCommand } from "../run/own_command.ts";

/** A keeper that waits to be told of its run. */
export type KeeperProcess = Deno.ChildProcess;

/**
 * Starts a keeper; that takes as long as finding out what to ask it. It ends by itself if it is asked nothing.
 * @param folder that of its run, for those who look at the list of processes
 */
export function startKeeper(folder: string): KeeperProcess {
  const [program, ...args] = processCommand("keeper", folder);
  return new Deno.Command(program, {
    args,
    env: faultMark("front"),
    stdin: "piped",
    stdout: "piped",
    stderr: "null", // nobody must be able to wait for the keeper by waiting for our output's end
    detached: true,
  }).spawn();
}
