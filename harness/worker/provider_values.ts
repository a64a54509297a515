import type { Enrolment } from "../../enrolment/enrolment.ts";
import { fillFromProviders } from "../../enrolment/fill_needed.ts";
import type { NeededValue } from "../../enrolment/needs_schema.ts";
import type { RunContext } from "../checks/context.ts";
import type { HandedValue } from "../run/folder.ts";
import { StageFailure } from "../run/stage.ts";

/** What providers have handed over, by recipe and name. */
export type Values = Map<string, Readonly<Record<string, HandedValue>>>;

/** The enrolment with what providers have handed over. @throws {StageFailure} for a value that nobody has handed on */
export function filled(
  run: Pick<RunContext, "redactor">,
  { enrolment, values }: { enrolment: Enrolment; values: Values },
): Enrolment {
  const valueOf = ({ recipe, name }: NeededValue) => values.get(recipe)?.[name]?.value;
  const { enrolment: whole, hidden, missing } = fillFromProviders(enrolment, valueOf);
  for (const value of hidden) run.redactor.add(value);
  const [first] = missing;
  if (first === undefined) return whole;
  const { recipe, name, place } = first;
  const has = Object.keys(values.get(recipe) ?? {}).join(", ");
  throw new StageFailure(
    `recipes/${enrolment.recipe}/recipe.yml: "${place}" asks for {needs.${recipe}.${name}}, and its set-up hands on ${has}`,
    { code: "needs.value", fault: "enrolment" },
  );
}

/** What a provider hands over that is deployed: what every one does, and what its set-up has handed on. */
export async function valuesOf(run: RunContext): Promise<Record<string, HandedValue>> {
  const { domain, handed } = run.app("install");
  const shown = (value: string): HandedValue => ({ value, secret: false });
  const ca = run.plan.settings.CA_FILE;
  return {
    domain: shown(domain),
    url: shown(`https://${domain}`),
    ca: shown(ca === undefined ? PUBLIC_CA : await Deno.readTextFile(ca)),
    ...handed,
  };
}

/** Stands for a CA where there is none of the proxy's own: a secret may not be empty. */
const PUBLIC_CA = "# The proxy's certificate is one that everybody trusts.\n";
