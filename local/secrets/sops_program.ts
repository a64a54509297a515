import { join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { exec } from "../../common/exec.ts";
import { exists, resolvePath } from "../../common/files.ts";
import { buildProgram, dropBuildCaches } from "../host/build.ts";
import { onPath } from "../host/host.ts";
import type { Paths } from "../host/paths.ts";
import { inStep, type Progress } from "../host/progress.ts";

/** Of what is built here. */
const SOPS_VERSION = "3.13.3";
/** The first one that takes SSH keys, and values from its standard input. */
const OLDEST = [3, 11];

/**
 * Finds sops, or builds it.
 * @param named value of `CCCI_SOPS`, a path
 * @throws {UsageError} when the one named, or the one on the PATH where none can be built, is too old
 */
export async function ensureSops(
  { paths, progress, signal, named = Deno.env.get("CCCI_SOPS") }: {
    paths: Paths;
    progress: Progress;
    signal: AbortSignal;
    named?: string | undefined;
  },
): Promise<string> {
  if (named) {
    const program = named.includes("/") ? resolvePath(named) : named;
    const version = await versionOf(program);
    if (isNewEnough(version)) return program;
    throw new UsageError(
      version === null
        ? `Could not start "${named}", which CCCI_SOPS names, as sops`
        : `"${named}" is sops ${version}, and SSH keys are known since ${OLDEST.join(".")}`,
      { hint: "Name a newer one, or leave CCCI_SOPS out." },
    );
  }
  const found = await onPath("sops");
  if (found !== undefined && isNewEnough(await versionOf(found))) return found;
  const built = join(paths.bin, `sops-${SOPS_VERSION}`);
  if (await exists(built)) return built;
  return await inStep(progress, "sops", async (step) => {
    await buildProgram({
      ...{ paths, step, signal, name: "sops", usually: "about 10 min" },
      argv: [
        ...[join(paths.repo, "local", "host", "build-go.sh"), SOPS_VERSION, built, join(paths.build, "sops")],
        ...["github.com/getsops/sops/v3", "./cmd/sops"],
      ],
    });
    await dropBuildCaches(paths);
    return built;
  });
}

async function versionOf(path: string): Promise<string | null> {
  const said = await exec([path, "--version", "--disable-version-check"]).catch(() => null);
  return /^sops (\d+\.\d+\.\d+)/m.exec(said?.stdout ?? "")?.[1] ?? null;
}

function isNewEnough(version: string | null): boolean {
  const [major = 0, minor = 0] = (version ?? "0.0").split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
