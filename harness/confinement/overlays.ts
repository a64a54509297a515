import { parseEnvFile, toEnvironment } from "../../common/env_file.ts";
import { type Compose, loadCompose } from "../recipe/compose.ts";
import { isSteering } from "../../common/steering.ts";
import { readInside } from "../recipe/inside_checkout.ts";
import type { Finding } from "../lint/finding.ts";
import { checkMergedPorts } from "../lint/merged_ports.ts";
import { checkTypedValues } from "../lint/typed_values.ts";
import { checkConfinement, type ConfinementOptions } from "./confinement.ts";
import { agreeOnReading, type ReadingOptions } from "./reading.ts";

/** As many as are read; no public recipe has half of them. */
const MOST = 30;

/**
 * Mistakes in the compose files that an operator may switch on and that `.env.sample` leaves out. Each is read by
 * itself over `compose.yml`, with the settings that the sample shows as comments. Nothing of them is deployed in this
 * run, so what is wrong only warns, and what a run does not allow is nobody's business.
 */
export async function checkOverlays(
  compose: Compose,
  options: ConfinementOptions & Pick<ReadingOptions, "client" | "signal" | "tmp">,
): Promise<Finding[]> {
  const root = await Deno.realPath(options.checkout);
  const read = new Set(compose.files.map(({ path }) => path));
  const names = [...Deno.readDirSync(root)].filter(({ isFile }) => isFile).map(({ name }) => name)
    .filter((name) => /^compose\..+\.ya?ml$/.test(name) && !read.has(name)).sort();
  const env = { ...commented(readInside(root, ".env.sample") ?? ""), ...compose.env };
  const findings: Omit<Finding, "severity" | "hint">[] = [];
  for (const name of names.slice(0, MOST)) {
    const overlay = await loadCompose(root, { ...env, COMPOSE_FILE: `compose.yml:${name}` });
    if (overlay.ok) {
      findings.push(...await checkOverlay(overlay, { ...options, name }), ...checkMergedPorts(overlay));
    } // Who switches the file on may have to set something that nobody else can know.
    else if (overlay.rule !== "parse.variables") findings.push(overlay);
  }
  return findings.map(({ rule, file, line, message }) => ({
    rule,
    severity: "warning",
    file,
    ...(line === undefined ? {} : { line }),
    message,
    hint: "Nothing in .env.sample switches this file on; it was read over compose.yml alone",
  }));
}

async function checkOverlay(
  overlay: Compose,
  { name, ...options }: Parameters<typeof checkOverlays>[1] & { name: string },
): Promise<Finding[]> {
  const typed = checkTypedValues({ files: overlay.files.filter(({ path }) => path === name) });
  // Docker opens the files that a compose file names, so it is asked only where none lies outside.
  if (typed.length > 0 || checkConfinement(overlay, options).length > 0) return typed;
  const { findings } = await agreeOnReading(overlay, options);
  return findings.filter(({ rule }) => rule === "parse.docker")
    .map((one) =>
      one.file === name ? one : { rule: one.rule, severity: "warning", file: name, message: one.message }
    );
}

/**
 * Settings that a sample shows as comments: `#SMTP_PORT=25`. Not those by which programs do something else: no rule
 * looks at comments, and Docker's client gets these as its environment.
 */
function commented(sample: string): Record<string, string> {
  const settings = parseEnvFile(sample.replaceAll(/^[ \t]*#[ \t]*(?=[A-Za-z_][A-Za-z0-9_]*=)/gm, ""));
  return toEnvironment(settings.filter(({ name }) => !isSteering(name)));
}
