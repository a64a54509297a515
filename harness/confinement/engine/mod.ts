import type { Finding } from "../../lint/finding.ts";
import { StageFailure } from "../../run/stage.ts";
import type { Swarm } from "../../swarm/swarm.ts";
import { type Deployed, surplusOf } from "./compare.ts";
import { containersSurplus } from "./containers.ts";
import { findingOf } from "./findings.ts";
import { readStack } from "./stack_state.ts";

export type { Checked } from "./compare.ts";

const CODE = "confine.engine";
/** How many are told in full. */
const LISTED = 20;

/**
 * Demands that the engine holds of a stack what was checked and nothing else, whoever read the compose files in between:
 * it is the engine's objects that run, and not the files. Where it holds more, the stack is ended at once.
 * @throws {StageFailure} `confine.engine`
 */
export async function requireChecked(swarm: Swarm, deployed: Deployed): Promise<void> {
  const findings = await surplus(swarm, deployed);
  const [first] = findings;
  if (first === undefined) return;
  await swarm.stop(deployed.stack).catch(() => {}); // the teardown tells what cannot be removed
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : "";
  throw new StageFailure(`Confinement: ${first.message}${more}`, {
    code: CODE,
    detail: findings.slice(0, LISTED).map(({ message, rule }) => `${message} [${rule}]`).join("\n"),
  });
}

/** Whether a stage failed because the engine holds what nobody checked. */
export function isSurplus(error: unknown): boolean {
  return error instanceof StageFailure && error.code === CODE;
}

async function surplus(swarm: Swarm, deployed: Deployed): Promise<Finding[]> {
  const state = await readStack(swarm, deployed.stack);
  return [...surplusOf(state, deployed), ...await containersSurplus(swarm, { state, deployed })]
    .map((one) => findingOf(one, deployed.checked));
}
