import type { Compose } from "../recipe/compose.ts";
import { checkEnvironment } from "./environment.ts";
import { checkFiles } from "./files.ts";
import { type Finding, isPermitted, type ScopedReport } from "../lint/finding.ts";
import { checkLabels } from "./labels.ts";
import { checkMounts } from "./mounts.ts";
import { checkObjects } from "./objects.ts";
import { checkPorts } from "./ports.ts";
import { checkServices } from "./services.ts";

export interface ConfinementOptions {
  /** Folder of the recipe. */
  checkout: string;
  stack: string;
  /** Domains of this run that the app may answer at. */
  domains: readonly string[];
  /** Rule ids, or `rule=subject` (`confine.bind=/etc/localtime`), that our `recipe.yml` permits. */
  exceptions?: readonly string[];
}

/**
 * What a recipe may not ask of the host, however it writes it down. Its author is not trusted: on the CI host the
 * deploy runs beside the services of other people, with Docker's power. Every rule looks at each compose file by
 * itself, so that nothing can be put together from halves in two files; keys it does not know are refused.
 *
 * Call it for the compose files of base and head, loaded with the very environment that the deploy gets.
 */
export function checkConfinement(compose: Compose, options: ConfinementOptions): Finding[] {
  const findings: Finding[] = [];
  const add = (finding: Finding) => {
    if (!isPermitted(finding, options.exceptions ?? [])) findings.push(finding);
  };
  for (const file of compose.files) {
    const report: ScopedReport = (rule, path, { severity = "error", ...rest }) =>
      add({ rule, severity, file: file.path, line: file.lineOf(path), ...rest });
    checkServices(file, report);
    checkMounts(file, report);
    checkObjects(file, { report, stack: options.stack, domains: options.domains, compose });
    checkPorts(file, report);
    checkLabels(file, { report, stack: options.stack, domains: options.domains, compose });
  }
  checkFiles(compose, { checkout: options.checkout, add });
  checkEnvironment(compose, { checkout: options.checkout, add });
  return findings;
}
