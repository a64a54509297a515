import { runCommandOk } from "../common/command.ts";
import { waitFor } from "../common/time.ts";
import { RunFolder } from "../harness/run/folder.ts";
import type { HarnessRun } from "./harness_cli.ts";

/**
 * Waits for the run's volume and mounts it in a container of nobody's stack, so that it cannot be removed.
 * @returns gives it free again
 */
export async function holdVolume(run: HarnessRun): Promise<AsyncDisposable> {
  const folder = new RunFolder(await run.folder());
  const plan = await waitFor(async () => await folder.plan() ?? undefined, { // the folder is there before it
    what: "the run's plan",
    timeoutMs: 120_000,
    everyMs: 50,
  });
  const name = `${plan.apps[0]?.stack}_content`;
  await waitFor(
    async () =>
      (await runCommandOk(["docker", "volume", "ls", "-q", "--filter", `name=^${name}$`])).stdout !== "",
    { what: `volume "${name}"`, timeoutMs: 300_000, everyMs: 50 },
  );
  const { stdout } = await runCommandOk(
    [
      "docker",
      "run",
      "--detach",
      "--volume",
      `${name}:/held`,
      "--entrypoint",
      "sleep",
      "nginx:1.22.1",
      "300",
    ],
  );
  return {
    async [Symbol.asyncDispose]() {
      await runCommandOk(["docker", "rm", "--force", stdout.trim()]);
    },
  };
}
