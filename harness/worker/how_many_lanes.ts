import type { RunContext } from "../checks/context.ts";
import { upgradesOf } from "../checks/from_base.ts";
import { asMap, composeServices } from "../recipe/compose_services.ts";
import { PROXY } from "../recipe/shared_names.ts";
import type { RunPlan } from "../run/folder.ts";
import { stagePlans } from "../run/stage_plan.ts";

/** Free memory that two apps at a time need, where no setting says how many may live. */
const TWO_LANES_BYTES = 3 * 1024 ** 3;

/** What the number of lanes depends on. */
export type LanesRun = Pick<RunContext, "compose" | "further" | "calledOnProxy" | "enrolment" | "send"> & {
  plan: { settings: Pick<RunPlan["settings"], "LANES">; stages: RunPlan["stages"] };
};

/**
 * How many apps may live at a time: two where memory allows, but one if the recipe publishes ports of the host, which
 * two apps cannot share, calls its services by names to which both would answer, or `recipe.yml` asks for one.
 * @param available bytes of memory that are free
 */
export function howManyLanes(run: LanesRun, available = Deno.systemMemoryInfo().available): 1 | 2 {
  const publishes = [run.compose.head, ...upgradesOf(run).map(({ compose }) => compose.base)].some((
    compose,
  ) =>
    compose !== null &&
    Object.values(composeServices(compose)).some((service) => asList(service.ports).length > 0)
  );
  if (publishes || run.enrolment.lanes === 1) return 1;
  const wanted = run.plan.settings.LANES;
  const { memory } = run.enrolment;
  const needed = memory === undefined ? TWO_LANES_BYTES : 2e6 * memory;
  const two = wanted === undefined ? available >= needed : wanted === 2;
  if (!two) return 1;
  if (run.calledOnProxy.size === 0) return 2;
  const used = new Set(
    stagePlans.filter(({ name }) => run.plan.stages.includes(name)).map(({ lane }) => lane),
  );
  if (used.has("install") && used.has("upgrade")) {
    const names = [...run.calledOnProxy].sort().map((name) => `"${name}"`).join(", ");
    run.send({
      type: "note",
      text:
        `install and upgrade run one after the other: the app calls ${names} on the network "${PROXY}", ` +
        "where both apps would answer to that",
    });
  }
  return 1;
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : Object.values(asMap(value));
}
