import { parseAbraSh } from "../../common/abra_sh.ts";
import { parseEnvFile, toEnvironment } from "../../common/env_file.ts";
import { mergedServices, readCompose } from "./compose.ts";
import { allTags } from "./git.ts";
import { lintRules, type Subject } from "./lint_rules.ts";
import { Fatal } from "./output.ts";
import type { Recipe } from "./recipe.ts";

/**
 * What abra asks before it deploys a release: every rule that is an error has to hold. R014 looks at all tags there are,
 * so that one lightweight tag anywhere keeps every release from being deployed.
 * @throws {Fatal} naming the first rule that does not hold
 */
export async function ensureLint(recipe: Recipe): Promise<void> {
  const subject = await subjectOf(recipe);
  const failed = lintRules.find((rule) =>
    rule.severity === "error" && !rule.skip?.(subject) && !rule.holds(subject)
  );
  if (failed === undefined) return;
  throw new Fatal(
    `lint error in ${recipe.name} configs: "${failed.rule}" failed lint checks (${failed.ref})`,
  );
}

/** What the rules look at in a checkout: every `compose*.yml` there is, untracked ones too. */
export async function subjectOf(recipe: Recipe): Promise<Subject> {
  const text = (file: string) => {
    try {
      return Deno.readTextFileSync(`${recipe.dir}/${file}`);
    } catch {
      return undefined;
    }
  };
  const sample = text(".env.sample");
  if (sample === undefined) {
    throw new Fatal(`unable to validate recipe: ${recipe.dir}/.env.sample does not exist?`);
  }
  const names = [...Deno.readDirSync(recipe.dir)].map((entry) => entry.name)
    .filter((name) => /^compose\..+\.yml$/.test(name)).sort();
  const exported = parseAbraSh(text("abra.sh") ?? "");
  const files = readCompose(recipe.dir, { COMPOSE_FILE: ["compose.yml", ...names].join(":") });
  return {
    files: files.map(({ doc }) => doc),
    services: mergedServices(files),
    env: { ...toEnvironment(parseEnvFile(sample)), ...exported },
    exported,
    readme: text("README.md") ?? "",
    tags: await allTags(recipe.dir),
  };
}
