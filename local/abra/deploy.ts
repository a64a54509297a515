import { type App, environmentOf } from "./app.ts";
import { type ComposeFile, mergedServices, readCompose } from "./compose.ts";
import { docker, hasIpvs, knowsDetach, secretIds } from "./engine.ts";
import { resolveImages } from "./images.ts";
import { Fatal, say } from "./output.ts";
import { abraDir } from "./recipe.ts";
import { buildOverride } from "./override.ts";
import { secretsOf } from "./secrets.ts";

/** @throws {Fatal} naming the first secret the app needs and the swarm does not have. */
export async function ensureSecrets(app: App): Promise<void> {
  const secrets = secretsOf(app);
  if (secrets.length === 0) return;
  const there = await secretIds();
  for (const { name, remoteName, generate } of secrets) {
    if (there.has(remoteName)) continue;
    throw new Fatal(
      generate ? `secret not generated: ${name}` : `secret not inserted (#generate=false): ${name}`,
    );
  }
}

/** What is about to be deployed, as the labels on the `app` service say it. */
export interface Stamp {
  /** The release; undefined for a chaos deploy, which leaves the label as the compose file has it. */
  version: string | undefined;
  /** Commit of a chaos deploy, `+U` when dirty. */
  chaosVersion: string | undefined;
}

/**
 * Deploys the checkout as it stands under the app's stack name. Docker reads the recipe's own compose files, unchanged,
 * and one override in a folder that goes when abra's own does, whatever becomes of this process.
 */
export async function deployStack(app: App, stamp: Stamp): Promise<void> {
  const env = environmentOf(app);
  const files = readCompose(app.recipe.dir, env);
  const override = buildOverride(files, { labels: stampLabels(app, stamp), dnsrr: !await hasIpvs() });
  if (usesTaskAddresses(override)) {
    say(
      "WARN",
      "this kernel has no IPVS: services are deployed with endpoint_mode dnsrr and host-mode ports",
    );
  }
  const temporary = Deno.makeTempDirSync({ dir: abraDir(), prefix: "override-" });
  try {
    const paths = files.map(({ path }) => path);
    if (override !== undefined) {
      const path = `${temporary}/override.yml`;
      Deno.writeTextFileSync(path, JSON.stringify(override));
      paths.push(path);
    }
    const result = await docker([
      "stack",
      "deploy",
      `--resolve-image=${await resolveImages(files)}`,
      ...(await knowsDetach() ? ["--detach=true"] : []),
      ...paths.flatMap((path) => ["--compose-file", path]),
      app.stack,
    ], { appEnv: env });
    if (!result.success) {
      throw new Fatal(lastLine(result.stderr) ?? `docker stack deploy ended with ${result.code}`);
    }
    if (!serves(files)) say("WARN", "no service is called app, so no labels were set");
  } finally {
    Deno.removeSync(temporary, { recursive: true });
  }
}

function stampLabels(app: App, { version, chaosVersion }: Stamp): Record<string, string> {
  const label = (name: string) => `coop-cloud.${app.stack}.${name}`;
  return {
    [label("recipe")]: app.recipe.name,
    [label("chaos")]: String(chaosVersion !== undefined),
    ...(version === undefined ? {} : { [label("version")]: version }),
    ...(chaosVersion === undefined ? {} : { [label("chaos-version")]: chaosVersion }),
  };
}

function serves(files: ComposeFile[]): boolean {
  return Object.hasOwn(mergedServices(files), "app");
}

function usesTaskAddresses(override: Record<string, unknown> | undefined): boolean {
  return JSON.stringify(override ?? {}).includes('"endpoint_mode":"dnsrr"');
}

function lastLine(text: string): string | undefined {
  return text.trim().split("\n").pop() || undefined;
}
