import { dirname, join } from "node:path";
import * as z from "zod";
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
  const entry = (await readNetrc(home)).find((line) => line.startsWith(`machine ${host} `));
  return { registry: auths[registry]?.auth ?? null, git: entry?.split(" ").at(-1) ?? null };
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

/** A line of `.netrc`, which git reads whatever its own configuration says. A forge takes any name with a token. */
export async function letGitIn(
  home: string,
  { host, token }: { host: string; token: string },
): Promise<void> {
  const others = (await readNetrc(home)).filter((line) => !line.startsWith(`machine ${host} `));
  await write(
    join(home, ".netrc"),
    [...others, `machine ${host} login cc-ci password ${token}`].map((line) => `${line}\n`).join(""),
  );
}

function configFile(home: string): string {
  return join(home, ".docker", "config.json");
}

async function readConfig(home: string): Promise<z.infer<typeof config>> {
  const text = await Deno.readTextFile(configFile(home)).catch(() => "{}");
  return config.parse(JSON.parse(text));
}

async function readNetrc(home: string): Promise<string[]> {
  const text = await Deno.readTextFile(join(home, ".netrc")).catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}

async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(`${path}.new`, text, { mode: 0o600 });
  await Deno.rename(`${path}.new`, path);
}
