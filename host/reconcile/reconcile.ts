import { HostError } from "../errors.ts";
import type { Plan, Step } from "../plan/step.ts";

/** A part of the host that can be made what it should be. */
export interface Part {
  name: string;
  /** Looks at what is there and says what is missing. */
  plan(): Promise<Plan>;
  act(step: Step): Promise<void>;
}

export interface Progress {
  /** Is told of each step before it is done. */
  begin(step: Step): void;
}

/** A step that has to be done this often did not bring about what it was done for. */
const TRIES = 3;

/**
 * Makes a part what it should be: does the first step that is missing and looks again, until nothing is. So it does not
 * matter where an earlier call was killed, or who changed what in between.
 * @returns the steps that were done
 * @throws {HostError} when something stands in the way, or when a step brings nothing about
 */
export async function reconcile(part: Part, { begin }: Progress): Promise<Step[]> {
  const done: Step[] = [];
  while (true) {
    const { steps, blocked } = await part.plan();
    const [step] = steps;
    if (step === undefined) {
      if (blocked !== null) throw blocked;
      return done;
    }
    if (done.filter((one) => one.does === step.does).length >= TRIES) {
      throw new HostError("wrong", `${step.does}: that was done ${TRIES} times, and is still to be done`, {
        hint: "Somebody else may be changing it; otherwise the recipe does not do what its settings ask for.",
      });
    }
    begin(step);
    await part.act(step);
    done.push(step);
  }
}
