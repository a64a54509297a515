import { dirname, join } from "node:path";
import * as z from "zod";
import { readIfThere, writeAtomically } from "../../common/files.ts";
import type { SeenLogins } from "../plan/seen.ts";

const config = z.looseObject({
  auths: z.record(z.string(), z.looseObject({ auth: z.string().optional() })).default({}),
});

/** Log-ins as they are written down in a home. */
export async function lookAtLogins(
  home: string,
  { registry, host }: { registry: string; host: string },
): Promise<SeenLogins> {
  const { auths } = await readConfig(home);
  const [entry = ""] = (await readNetrc(home)).match(entriesOf(host)) ?? [];
  const [, git = null] = /\spassword\s+(\S+)/.exec(entry) ?? [];
  return { registry: auths[registry]?.auth ?? null, git };
}

/** What `docker login` writes, without the password on a command line. */
export async function logInToRegistry(
  home: string,
  { registry, auth }: { registry: string; auth: string },
): Promise<void> {
  const { auths, ...rest } = await readConfig(home);
  const text = JSON.stringify({ ...rest, auths: { ...auths, [registry]: { auth } } }, null, 2);
  await write(configFile(home), `${text}\n`);
}

/**
 * A line of `.netrc`, which git reads whatever its own configuration says. A forge takes any name with a token. It is the
 * first one, as git takes the first that fits, and `default` fits always.
 */
export async function letGitIn(
  home: string,
  { host, token }: { host: string; token: string },
): Promise<void> {
  const others = (await readNetrc(home)).replaceAll(entriesOf(host), "");
  await write(join(home, ".netrc"), `machine ${host} login cc-ci password ${token}\n${others}`);
}

/** What a `.netrc` says of a machine; line breaks mean as much there as spaces. */
function entriesOf(host: string): RegExp {
  return new RegExp(
    `(?<!\\S)machine\\s+${RegExp.escape(host)}(?!\\S)(?:\\s+(?:login|password|account)\\s+\\S+)*[ \\t]*\\n?`,
    "g",
  );
}

function configFile(home: string): string {
  return join(home, ".docker", "config.json");
}

async function readConfig(home: string): Promise<z.infer<typeof config>> {
  return config.parse(JSON.parse(await readIfThere(configFile(home)) ?? "{}"));
}

async function readNetrc(home: string): Promise<string> {
  return await readIfThere(join(home, ".netrc")) ?? "";
}

async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeAtomically(path, text, { mode: 0o600 });
}
