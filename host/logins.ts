import { dirname, join } from "node:path";
import * as z from "zod";
import { exists, readIfThere, writeAtomically } from "../common/files.ts";
import { HostError } from "./errors.ts";
import { noteLogin } from "./written_logins.ts";

const config = z.looseObject({
  auths: z.record(z.string(), z.looseObject({ auth: z.string().optional() })).default({}),
});
export type DockerConfig = z.infer<typeof config>;

/** Where log-ins are written, and where it is noted which of them are ours. */
export interface LoginPlaces {
  home: string;
  /** The folder for what the host's program makes. */
  made: string;
}

/** Log-ins as they are written down in a home. */
export async function lookAtLogins(
  home: string,
  { registry, host }: { registry: string; host: string },
): Promise<{ registry: string | null; git: string | null }> {
  const { auths } = await readConfig(configFile(home));
  const [entry = ""] = (await readNetrc(netrcFile(home))).match(entriesOf(host)) ?? [];
  return { registry: auths[registry]?.auth ?? null, git: passwordIn(entry) };
}

/** What `docker login` writes, without the password on a command line. */
export async function logInToRegistry(
  { home, made }: LoginPlaces,
  { registry, auth }: { registry: string; auth: string },
): Promise<void> {
  const file = configFile(home);
  await noteLogin(made, { kind: "registry", file, of: registry, value: auth });
  const { auths, ...rest } = await readConfig(file);
  await write(file, textOf({ ...rest, auths: { ...auths, [registry]: { auth } } }));
}

/**
 * A line of `.netrc`, which git reads whatever its own configuration says. A forge takes any name with a token. It is the
 * first one, as git takes the first that fits, and `default` fits always.
 */
export async function letGitIn(
  { home, made }: LoginPlaces,
  { host, token }: { host: string; token: string },
): Promise<void> {
  const file = netrcFile(home);
  await noteLogin(made, { kind: "git", file, of: host, value: token });
  const others = (await readNetrc(file)).replaceAll(entriesOf(host), "");
  await write(file, `machine ${host} login cc-ci password ${token}\n${others}`);
}

/** What a `.netrc` says of a machine; line breaks mean as much there as spaces. */
export function entriesOf(host: string): RegExp {
  return new RegExp(
    `(?<!\\S)machine\\s+${RegExp.escape(host)}(?!\\S)(?:\\s+(?:login|password|account)\\s+\\S+)*[ \\t]*\\n?`,
    "g",
  );
}

/** The password in an entry of `.netrc`. */
export function passwordIn(entry: string): string | null {
  return /\spassword\s+(\S+)/.exec(entry)?.[1] ?? null;
}

export async function readConfig(file: string): Promise<DockerConfig> {
  // An empty file is what Docker takes for one without log-ins, and what is left where ours was the only one.
  const text = (await readIfThere(file))?.trim() || "{}";
  try {
    return config.parse(JSON.parse(text));
  } catch (cause) {
    throw new HostError("wrong", `Could not read log-ins from "${file}"`, {
      cause,
      hint: 'Put it right: it is JSON, as "docker login" writes it.',
    });
  }
}

export async function readNetrc(file: string): Promise<string> {
  return await readIfThere(file) ?? "";
}

export function textOf(config: DockerConfig): string {
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** Writes a file that is its owner's alone. */
export async function write(path: string, text: string): Promise<void> {
  if (!await exists(dirname(path))) await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeAtomically(path, text, { mode: 0o600 });
}

function configFile(home: string): string {
  return join(home, ".docker", "config.json");
}

function netrcFile(home: string): string {
  return join(home, ".netrc");
}
