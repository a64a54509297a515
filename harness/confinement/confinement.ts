import type { Compose, ComposeFile } from "../recipe/compose.ts";
import type { ComposePath } from "../recipe/compose_values.ts";
import type { DockerModel } from "../recipe/docker_reading.ts";
import { type Finding, isPermitted, type ScopedReport } from "../lint/finding.ts";
import { placeOf } from "../lint/recipe.ts";
import { checkEnvironment } from "./environment.ts";
import { checkLinks, checkNamedFiles } from "./files.ts";
import { addressesOf, checkImages, checkRegistries, type Resolve } from "./images.ts";
import { checkLabels } from "./labels.ts";
import { checkLimits } from "./limits.ts";
import { checkMounts } from "./mounts.ts";
import { checkObjects } from "./objects.ts";
import { checkPorts } from "./ports.ts";
import type { AskRegistry } from "./registry_doors.ts";
import { agreeOnReading, type ReadingOptions } from "./reading.ts";
import { checkServices } from "./services.ts";
import { checkTemplates } from "./templates.ts";

export interface ConfinementOptions {
  /** Folder of the recipe. */
  checkout: string;
  stack: string;
  /** Domains of this run that the app may answer at. */
  domains: readonly string[];
  /** Rule ids, or `rule=subject` (`confine.bind=/etc/localtime`), that our `recipe.yml` permits. */
  exceptions?: readonly string[];
}

/** What confinement comes to: a model that may be deployed, unless a finding is an error. */
export interface Confined {
  findings: Finding[];
  /** What Docker will deploy, in long form; null where an error stands in the way. */
  model: DockerModel | null;
}

/**
 * What a recipe may not ask of the host, however it writes it down. Its author is not trusted: on the CI host the
 * deploy runs beside the services of other people, with Docker's power.
 *
 * First come the rules over the files as we read them; then Docker has to read the same; then the rules once more, over
 * what Docker makes of the files. Call it for the compose files of base and head, loaded with the very environment that
 * the deploy gets.
 */
export async function confine(
  compose: Compose,
  options: ConfinementOptions & Pick<ReadingOptions, "client" | "signal" | "tmp"> & {
    resolve?: Resolve;
    ask?: AskRegistry;
  },
): Promise<Confined> {
  const findings = checkConfinement(compose, options);
  if (findings.some(isError)) return { findings, model: null };
  const { model, findings: differences } = await agreeOnReading(compose, options);
  findings.push(...differences);
  if (model === null) return { findings, model };
  const lineOf = (path: ComposePath) => placeOf(compose, path).line;
  const whole: ComposeFile = {
    path: compose.files[0]?.path ?? "compose.yml",
    doc: model,
    raw: model,
    lineOf,
  };
  findings.push(...checkEachFile({ ...compose, files: [whole] }, options));
  const report = reporter(whole, (finding) => {
    if (!isPermitted(finding, options.exceptions ?? [])) findings.push(finding);
  });
  const { ask, resolve = addressesOf } = options;
  await checkRegistries(whole, { report, resolve, ...(ask && { ask }) });
  return { findings, model: findings.some(isError) ? null : model };
}

/** The rules of confinement over the compose files as we read them, and over `.env.sample`, `abra.sh` and links. */
export function checkConfinement(compose: Compose, options: ConfinementOptions): Finding[] {
  const { checkout, exceptions = [] } = options;
  const findings = checkEachFile(compose, options);
  const add = (finding: Finding) => {
    if (!isPermitted(finding, exceptions)) findings.push(finding);
  };
  checkLinks(checkout, add);
  checkEnvironment(compose, { checkout, add });
  return findings;
}

/**
 * Every rule looks at each compose file by itself, so that nothing can be put together from halves in two files; keys it
 * does not know are refused.
 */
function checkEachFile(compose: Compose, options: ConfinementOptions): Finding[] {
  const { checkout, stack, domains, exceptions = [] } = options;
  const findings: Finding[] = [];
  const add = (finding: Finding) => {
    if (!isPermitted(finding, exceptions)) findings.push(finding);
  };
  for (const file of compose.files) {
    const report = reporter(file, add);
    checkServices(file, report);
    checkMounts(file, report);
    checkObjects(file, { report, stack, domains, compose });
    checkPorts(file, report);
    checkLabels(file, { report, stack, domains, compose });
    checkImages(file, report);
    checkLimits(file, report);
  }
  checkNamedFiles(compose, { checkout, add });
  checkTemplates(compose, { checkout, add });
  return findings;
}

function reporter(file: ComposeFile, add: (finding: Finding) => void): ScopedReport {
  return (rule, path, { severity = "error", ...rest }) =>
    add({ rule, severity, file: file.path, line: file.lineOf(path), ...rest });
}

function isError(finding: Finding): boolean {
  return finding.severity === "error";
}
