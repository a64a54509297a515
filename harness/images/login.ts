import { Buffer } from "node:buffer";
import { join } from "node:path";
import * as z from "zod";
import { exec } from "../../common/exec.ts";

/** What `docker login` left for one registry. */
export interface Login {
  username: string;
  password: string;
  serveraddress: string;
  /** In place of a password, where somebody logged in by a browser. */
  identitytoken?: string;
}

/** Logs in to registries as `docker login` on this host did; null: it did not for this one. */
export type FindLogin = (registry: string) => Promise<Login | null>;

const dockerConfig = z.object({
  auths: z.record(
    z.string(),
    z.object({ auth: z.string().optional(), identitytoken: z.string().optional() }),
  ).default({}),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).default({}),
});

const stored = z.object({ Username: z.string(), Secret: z.string() });

/** Under this key `docker login` notes the log-in of Docker Hub. */
const HUB_KEY = "https://index.docker.io/v1/";
const HELPER_MS = 10_000;

/**
 * Reads log-ins where Docker's client keeps them: in `config.json`, or in a store that a helper program asks. A file
 * that cannot be read holds no log-in.
 * @param folder Docker's settings of whoever runs the harness
 */
export function loginsOf(folder: string): FindLogin {
  let reading: Promise<z.infer<typeof dockerConfig>> | undefined;
  return async (registry) => {
    const config = await (reading ??= readConfig(join(folder, "config.json")));
    const key = registry === "docker.io" ? HUB_KEY : registry;
    const helper = config.credHelpers[key] ?? config.credHelpers[registry] ?? config.credsStore;
    if (helper !== undefined && /^[\w.-]+$/.test(helper)) return await askHelper(helper, key);
    const auth = config.auths[key] ?? config.auths[`https://${registry}`] ??
      config.auths[`http://${registry}`];
    const [username, ...rest] = Buffer.from(auth?.auth ?? "", "base64").toString().split(":");
    if (auth === undefined || username === undefined || username === "") return null;
    const { identitytoken } = auth;
    const password = rest.join(":").replaceAll("\0", "");
    return {
      username,
      password,
      serveraddress: key,
      ...(identitytoken === undefined ? {} : { identitytoken }),
    };
  };
}

/** Has everything by which a log-in could be known taken out of logs. */
export function hideLogin(login: Login, hide: (secret: string) => void): void {
  for (const secret of [login.password, login.identitytoken ?? ""]) if (secret !== "") hide(secret);
  hide(Buffer.from(`${login.username}:${login.password}`).toString("base64"));
}

/** Docker's settings folder of this user. */
export function dockerFolder(env: (name: string) => string | undefined = Deno.env.get): string {
  return env("DOCKER_CONFIG") ?? join(env("HOME") ?? "/root", ".docker");
}

async function readConfig(path: string): Promise<z.infer<typeof dockerConfig>> {
  try {
    return dockerConfig.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch {
    return dockerConfig.parse({});
  }
}

async function askHelper(helper: string, key: string): Promise<Login | null> {
  try {
    // The registry's key is handed over as the helper's input, for which there is a shell.
    const argv = ["/bin/sh", "-c", `printf %s "$KEY" | exec "docker-credential-$HELPER" get`];
    const { success, stdout } = await exec(argv, { env: { KEY: key, HELPER: helper }, timeoutMs: HELPER_MS });
    if (!success) return null;
    const { Username, Secret } = stored.parse(JSON.parse(stdout));
    return Username === "<token>"
      ? { username: "", password: "", serveraddress: key, identitytoken: Secret }
      : { username: Username, password: Secret, serveraddress: key };
  } catch {
    return null;
  }
}
