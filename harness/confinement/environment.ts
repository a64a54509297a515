import { oddAbraShLines, parseAbraSh } from "../../common/abra_sh.ts";
import { oddEnvLines, parseEnvFile, toEnvironment } from "../../common/env_file.ts";
import { type Compose, servicesOf } from "../recipe/compose.ts";
import { entriesOf, isRecord, listOrMap } from "../recipe/compose_values.ts";
import { unwritable } from "../../common/env_value.ts";
import { assignmentLine } from "../recipe/env_file.ts";
import { HOST, isCommands, servicesOfCommands } from "../../common/recipe_commands.ts";
import { isSteering } from "../../common/steering.ts";
import { isHostVariable } from "../abra/environment.ts";
import { readInside } from "../recipe/inside_checkout.ts";
import { type Finding, quote } from "../lint/finding.ts";

/** What `.env.sample` and `abra.sh` put into the environment of a deploy, and what services take from it. */
export function checkEnvironment(
  compose: Compose,
  { checkout, add }: { checkout: string; add: (finding: Finding) => void },
): void {
  const root = Deno.realPathSync(checkout);
  const services = servicesOf(compose);
  const sample = readInside(root, ".env.sample") ?? "";
  const exported = readInside(root, "abra.sh") ?? "";
  // What a function of abra.sh exports for itself (`export PGPASSWORD=$(cat …)`) matters to nobody who deploys, as long
  // as neither the compose files nor the settings have anything of that name.
  const words = new Set(
    [sample, ...compose.files.map(({ raw }) => JSON.stringify(raw))].join(" ").match(
      /[A-Za-z_][A-Za-z0-9_]*/g,
    ),
  );
  const sources = [
    {
      file: ".env.sample",
      text: sample,
      values: toEnvironment(parseEnvFile(sample)),
      odd: oddEnvLines(sample),
      own: new Set<string>(),
    },
    // These come after the app's settings and would win over them.
    {
      file: "abra.sh",
      text: exported,
      values: parseAbraSh(exported),
      odd: oddAbraShLines(exported).filter(({ names }) =>
        names === null || names.some((name) => isSteering(name) || words.has(name))
      ),
      own: new Set(["DOMAIN", "COMPOSE_FILE"]),
    },
  ];
  const rule = "confine.environment";
  for (const { file, text, values, odd, own } of sources) {
    for (const { line, name, problem } of odd) {
      add({
        rule,
        severity: "error",
        file,
        line,
        message: `The line ${name === undefined ? "" : `of ${quote(name)} `}${problem}`,
        ...(name === undefined ? {} : { subject: name }),
        hint: "Other readers may see another value there",
      });
    }
    for (const [name, value] of Object.entries(values)) {
      const line = assignmentLine(text, name);
      const finding = (message: string): Finding => ({
        rule,
        severity: "error",
        file,
        ...(line === undefined ? {} : { line }),
        message,
        subject: name,
      });
      if (isSteering(name) || own.has(name)) {
        add(finding(`Sets ${quote(name)}, which belongs to the host that deploys`));
      } else if (unwritable(value) !== null) {
        add(finding(`The value of ${quote(name)} ${unwritable(value)}`));
      } else if (isCommands(name)) {
        const target = servicesOfCommands(value)
          .find((service) => service === HOST || !services.includes(service));
        if (target !== undefined) {
          const what = target === HOST ? "the host that deploys" : "no service of the recipe";
          add(finding(`${quote(name)} runs a command in ${quote(target)}, which is ${what}`));
        }
      }
    }
  }
  checkTaken(compose, add);
}

/** Docker gives a variable without value the deploying program's own. */
function checkTaken(compose: Compose, add: (finding: Finding) => void): void {
  for (const file of compose.files) {
    for (const [service, definition] of entriesOf(file.doc.services)) {
      for (const { key, value, at } of listOrMap(isRecord(definition) ? definition.environment : undefined)) {
        // Docker fills in what the app's settings have, and only then what the process has.
        if ((value !== null && value !== "") || Object.hasOwn(compose.env, key)) continue;
        if (!isHostVariable(key)) continue;
        add({
          rule: "confine.environment",
          severity: "error",
          file: file.path,
          line: file.lineOf(["services", service, "environment", at]),
          message: `Service ${quote(service)} takes ${quote(key)} from the host that deploys`,
          subject: key,
        });
      }
    }
  }
  for (const { name, file, line } of compose.variablesMissing) {
    if (!isHostVariable(name)) continue;
    add({
      rule: "confine.environment",
      severity: "error",
      file,
      line,
      message: `Asks for the variable ${quote(name)} of the host that deploys`,
      subject: name,
      hint: "Set it in .env.sample, or choose another name",
    });
  }
}
