import { join } from "node:path";
import { readIfThere } from "../common/files.ts";
import { HostError } from "./errors.ts";

/** The secrets of a host. systemd hands each unit the files of those that it needs. */
export const credentials = [
  "bridge_token",
  "runner_token",
  "forge_token",
  "webhook_secret",
  "status_token",
  "drone_token",
  "drone_rpc_secret",
  "drone_client_id",
  "drone_client_secret",
  "restic_password",
  "registry_auth",
  "git_token",
] as const;
export type Credential = typeof credentials[number];

/** Reads secrets by their names. */
export interface Credentials {
  /** @throws {HostError} wrong, when the secret is missing, empty, or no value that can be used */
  need(name: Credential): Promise<string>;
  /** Undefined where the secret is missing or empty. @throws {HostError} wrong, when it cannot be used */
  find(name: Credential): Promise<string | undefined>;
}

/** Secrets as files of a folder, whose last line may end or not. */
export function credentialsIn(folder: string): Credentials {
  async function find(name: Credential): Promise<string | undefined> {
    const value = (await readIfThere(join(folder, name)))?.trim() || undefined;
    const fault = value === undefined ? null : faultOfSecret(name, value);
    if (fault !== null) {
      throw new HostError("wrong", `The secret "${name}" in "${folder}" cannot be used: ${fault}`, {
        hint: `Write its value to "${join(folder, name)}" as one line, and nothing else.`,
      });
    }
    return value;
  }
  return {
    find,
    async need(name) {
      const value = await find(name);
      if (value !== undefined) return value;
      throw new HostError("wrong", `The secret "${name}" is missing or empty in "${folder}"`, {
        hint: `Write it to "${join(folder, name)}", or hand it to the unit as a credential of that name.`,
      });
    },
  };
}

/** What some secrets must not hold, since the programs that read them take it for the end of the value. */
const LIMITS: Partial<Record<Credential, [without: RegExp, fault: string]>> = {
  drone_token: [/[\s,:]/, "it has a space, a comma or a colon, at which Drone would end it"],
  drone_rpc_secret: [/'/, "it has an apostrophe, at which Drone's runner would end it"],
  git_token: [/\s/, "it has a space, at which git would end it"],
};

/** What is wrong with the value of a secret; the sentence does not repeat it. */
export function faultOfSecret(name: Credential, value: string): string | null {
  if (/\p{Cc}/u.test(value)) return "it has a line break or a control character";
  const [without, fault = ""] = LIMITS[name] ?? [];
  return without?.test(value) ? fault : null;
}

/** The folder that systemd hands credentials over in, otherwise the one that the settings name. */
export function credentialsFolder(settings: { secrets: string }, env = Deno.env.get): string {
  return env("CREDENTIALS_DIRECTORY") ?? settings.secrets;
}
