import type { Enrolment } from "../../enrolment/enrolment.ts";
import { settleValues } from "../../enrolment/settle_values.ts";
import type { Redactor } from "../run/redact.ts";

/**
 * The enrolment with the values that a run makes up or reads for it; from now on nobody sees those that are secret.
 * @returns also a sentence for each that is too short to be taken out of logs
 */
export async function settledEnrolment(
  enrolment: Enrolment,
  redactor: Redactor,
): Promise<{ enrolment: Enrolment; notes: string[] }> {
  const { enrolment: settled, hidden } = await settleValues(enrolment);
  const shown = hidden.filter(({ value }) => !redactor.add(value));
  return {
    enrolment: settled,
    notes: shown.map(({ what }) => `The value of ${what} is too short to be taken out of logs`),
  };
}
