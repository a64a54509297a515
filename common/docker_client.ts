import { join } from "node:path";
import { exec } from "./exec.ts";

/** Where a client may lie although PATH does not name the folder: a CI engine's unit has a short one. */
const FOLDERS = ["/usr/local/bin", "/usr/bin", "/run/current-system/sw/bin"];
const found = new Map<string, Promise<string | null>>();

/**
 * A docker client that can show how it reads compose files. Clients before 23 (Debian 12 has one) cannot; a host may
 * have several, so each is asked. Needs no engine.
 * @returns full path, or null where there is none
 */
export function findDockerClient(path = Deno.env.get("PATH") ?? ""): Promise<string | null> {
  const known = found.get(path) ?? look(path);
  found.set(path, known);
  return known;
}

/**
 * The client that somebody has named, or one that is found.
 * @param refuse makes the error where there is none
 */
export async function requireDockerClient(
  named: string | undefined,
  refuse: (message: string, hint: string) => Error,
): Promise<string> {
  const client = named ?? await findDockerClient();
  if (client !== null) return client;
  throw refuse(
    "No docker client of this machine has `docker stack config`, by which recipes are read",
    "Install one of version 23 or later, or name one by CCCI_DOCKER",
  );
}

async function look(path: string): Promise<string | null> {
  for (const folder of new Set([...path.split(":"), ...FOLDERS])) {
    if (!folder.startsWith("/")) continue;
    const program = join(folder, "docker");
    try {
      if (!Deno.statSync(program).isFile) continue;
      // An older client answers with the help of `docker stack`, and says that all went well.
      const { stdout } = await exec([program, "stack", "config", "--help"], {
        clearEnv: true,
        timeoutMs: 10_000,
      });
      if (stdout.includes("docker stack config")) return program;
    } catch { /* not there, or no program */ }
  }
  return null;
}
