import type { Enrolment } from "./enrolment.ts";
import { fillNeeded, neededIn, type NeededValue } from "./needs_schema.ts";
import { looksSecret } from "./settle_values.ts";

/** An enrolment with values that it asked providers for. */
export interface Filled {
  enrolment: Enrolment;
  /** What nobody may see of what was filled in. */
  hidden: string[];
  /** Values that are still missing, each with the place that asks for it. */
  missing: (NeededValue & { place: string })[];
}

/** Puts the values of providers where `env` and `secrets` ask for them. */
export function fillFromProviders(
  enrolment: Enrolment,
  valueOf: (one: NeededValue) => string | undefined,
): Filled {
  const hidden: string[] = [];
  const missing: Filled["missing"] = [];
  const fill = (text: string, place: string, secret: boolean) => {
    if (neededIn(text).length === 0) return text;
    const filled = fillNeeded(text, valueOf);
    const left = neededIn(text).filter((one) => valueOf(one) === undefined);
    missing.push(...left.map((one) => ({ ...one, place })));
    if (secret && left.length === 0) hidden.push(filled);
    return filled;
  };
  const secrets = Object.fromEntries(
    Object.entries(enrolment.secrets).map(([name, secret]) => [
      name,
      {
        ...secret,
        ...(secret.value === undefined ? {} : { value: fill(secret.value, `secrets.${name}`, true) }),
      },
    ]),
  );
  const env = Object.fromEntries(
    Object.entries(enrolment.env).map(([name, setting]) => [
      name,
      {
        ...setting,
        ...(setting.value === undefined
          ? {}
          : { value: fill(setting.value, `env.${name}`, looksSecret(name)) }),
      },
    ]),
  );
  return { enrolment: { ...enrolment, secrets, env }, hidden, missing };
}
