import { join } from "node:path";
import { execOk } from "../../../common/exec.ts";
import { exists } from "../../../common/files.ts";
import type { SeenUnit } from "../../../host/plan/seen.ts";
import { parseSettings } from "../../../host/settings.ts";
import type { Installation } from "../install.ts";
import { piecesOf, UNIT_FOLDER } from "../pieces.ts";

const tmp = await Deno.makeTempDir({ prefix: "cc-ci-install-" });
globalThis.addEventListener("unload", () => Deno.removeSync(tmp, { recursive: true }));

/** The least settings of a host that has everything. */
export const settings = {
  domain: "ci.example.org",
  forge: { url: "https://git.example.org", org: "recipe-maintainers" },
  drone: { commit: "a".repeat(40) },
  backupBot: {},
};

/** Something to install, and a root folder with what a machine has anyway. */
export async function someMachine() {
  const folder = await Deno.makeTempDir({ dir: tmp });
  const root = join(folder, "root");
  for (
    const path of ["etc/systemd/system/multi-user.target.wants", "usr/local/bin", "etc/cc-ci/secrets", "opt"]
  ) {
    await Deno.mkdir(join(root, path), { recursive: true });
  }
  await Deno.writeTextFile(join(root, "etc/cc-ci/host.json"), JSON.stringify(settings));
  await Deno.writeTextFile(join(root, "usr/local/bin/abra"), "of the host");
  const programs = join(folder, "programs");
  await Deno.mkdir(join(programs, "floor"), { recursive: true });
  for (const name of ["bridge.js", "host.js", "deno", "runner"]) {
    await Deno.writeTextFile(join(programs, name), name);
  }
  await Deno.writeTextFile(join(programs, "floor", "runtime.sh"), "#!/bin/sh\n", { mode: 0o755 });
  const said: string[] = [];
  const installation = async (asked: object = settings, prefix = "/opt/cc-ci"): Promise<Installation> => ({
    ...{ root, prefix, engine: null, say: (line) => void said.push(line) },
    pieces: await piecesOf(parseSettings(asked), {
      ...{ prefix, credentials: ["status_token"] },
      sources: { programs, deno: join(programs, "deno"), runner: join(programs, "runner") },
    }),
  });
  return { root, programs, said, installation };
}

/** Looks at units of a machine below a root folder: each that has a file runs, and these run without one. */
export function unitsBelow(root: string, { running = [] as string[] } = {}) {
  return async (asked: readonly string[]): Promise<Record<string, SeenUnit>> => {
    const seen: Record<string, SeenUnit> = {};
    for (const name of asked) {
      const loaded = await exists(join(root, UNIT_FOLDER, name));
      const state = loaded || running.includes(name) ? "active" : "inactive";
      seen[name] = { loaded, state, detail: "", upFor: 0 };
    }
    return seen;
  };
}

/** Every path below a folder with what is there. */
export async function contents(root: string): Promise<string[]> {
  const { stdout } = await execOk(["find", root, "-printf", "%P %y %m %l %T@\n"]);
  return stdout.trim().split("\n").toSorted();
}

/** The same without times, which folders change by themselves. */
export async function names(root: string): Promise<string[]> {
  return (await contents(root)).map((line) => line.replace(/ \S+$/, ""));
}
