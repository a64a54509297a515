import { dirname, join } from "node:path";
import { type Checked, type Deployed, surplusOf } from "../compare.ts";
import { findingOf } from "../findings.ts";
import { type Part, part } from "../service_spec.ts";
import type { StackState } from "../stack_state.ts";

/** What Docker made of compose files, recorded. */
export interface Recorded {
  stack: string;
  /** Files that the model names. */
  files: Record<string, string>;
  model: Part;
  state: Omit<StackState, "names"> & { names: Record<string, string> };
  /** What the engine says of single containers, by id. */
  inspected?: Record<string, Part>;
}

export const folder = new URL(".", import.meta.url).pathname;

export async function recorded(name: string): Promise<Recorded> {
  return JSON.parse(await Deno.readTextFile(join(folder, name)));
}

/** What is said of a recorded stack, after a change of it. */
export async function said(
  stack: Recorded,
  { settings = {}, older = [] }: { settings?: Record<string, string>; older?: Part[] } = {},
): Promise<string[]> {
  return await asDeployed(stack, {
    settings,
    older,
    use: (deployed, state) =>
      surplusOf(state, deployed).map((one) => findingOf(one, deployed.checked).message),
  });
}

/** Calls `use` with a recorded stack as one that was just deployed. */
export async function asDeployed<T>(
  { stack, model, files, state }: Recorded,
  { settings = {}, older = [], use }: {
    settings?: Record<string, string>;
    /** Models of what was deployed before. */
    older?: Part[];
    use: (deployed: Deployed, state: StackState) => T | Promise<T>;
  },
): Promise<T> {
  const root = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(dirname(join(root, name)), { recursive: true });
      await Deno.writeTextFile(join(root, name), text);
    }
    const checked = [model, ...older].map((model): Checked => ({
      compose: {
        ok: true,
        files: [{ path: "compose.yml", doc: model, raw: model, lineOf: () => 7 }],
        env: { TYPE: "rich" },
        variablesUnset: [],
        variablesMissing: [],
      },
      model,
      root,
    }));
    const whole = { ...state, names: new Map(Object.entries(state.names)) };
    return await use({ stack, checkout: root, checked, settings }, whole);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** The spec of service "app", to be changed. */
export function app({ state }: Recorded): { spec: Part; container: Part; template: Part } {
  const service = state.services.find(({ Spec }) => String(part(Spec).Name).endsWith("_app"));
  const spec = part(service?.Spec);
  const template = part(spec.TaskTemplate);
  return { spec, template, container: part(template.ContainerSpec) };
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
