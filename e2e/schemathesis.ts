import { join } from "node:path";
import { runCommand, runCommandOk } from "../common/command.ts";
import type { ExecResult } from "../common/exec.ts";
import { exists } from "../common/files.ts";
import { installPackages, onPath } from "../local/host/host.ts";
import { pathsFromEnvironment } from "../local/host/paths.ts";
import { inStep, silentProgress } from "../local/host/progress.ts";

const VERSION = "4.32.5";
const INSTALL_MS = 600_000;
const RUN_MS = 600_000;

/** Puts schemathesis into the cache folder, unless it is there. @returns its program */
async function ensureSchemathesis(): Promise<string> {
  const home = join(pathsFromEnvironment().cache, "schemathesis", VERSION);
  const program = join(home, "bin", "schemathesis");
  if (await exists(program)) return program;
  await inStep(silentProgress, "schemathesis", async (step) => {
    const make = ["python3", "-m", "venv", "--clear", home];
    const made = await onPath("python3") !== undefined && (await runCommand(make)).success;
    if (!made) {
      await installPackages(["python3-venv"], { why: "fuzzing the dashboard's API", step });
      await runCommandOk(make);
    }
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    await runCommandOk([join(home, "bin", "python"), ...pip, `schemathesis==${VERSION}`], {
      timeoutMs: INSTALL_MS,
    });
  });
  return program;
}

/**
 * Fuzzes an API from its OpenAPI description.
 * @param options.token sent with every call
 * @param options.folder where it may keep its own notes
 * @param options.path the only address that is called. @default all of them
 */
export async function fuzz(
  description: string,
  options: { token: string | null; folder: string; exclude: string[]; path?: string },
): Promise<ExecResult> {
  const header = options.token === null ? [] : ["--header", `Authorization: Bearer ${options.token}`];
  const excluded = options.exclude.flatMap((operation) => ["--exclude-operation-id", operation]);
  const included = options.path === undefined ? [] : ["--include-path", options.path];
  return await runCommand([
    await ensureSchemathesis(),
    ...["--no-color", "run", description, "--max-examples", "25", "--warnings", "off"],
    // The same calls each time: a change is not to be red for a fault that was there before it.
    ...["--seed", "1"],
    // A schema cannot say that a body has to be a picture, so any refusal of one would count as a fault.
    ...["--exclude-checks", "positive_data_acceptance"],
    ...included,
    ...excluded,
    ...header,
  ], { cwd: options.folder, timeoutMs: RUN_MS });
}
