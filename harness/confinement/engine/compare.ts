import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { resolveInside } from "../../recipe/inside_checkout.ts";
import type { Compose } from "../../recipe/compose.ts";
import type { DockerModel } from "../../recipe/docker_reading.ts";
import { itemsOf } from "../../recipe/compose_values.ts";
import { objectsOf, type Section, sections, withoutIdentity } from "./objects.ts";
import { type DeployFacts, isPermittedInObject, isPermittedInService } from "./rules.ts";
import { nameOf, type Part, part, serviceSpec } from "./service_spec.ts";
import { objectName, type StackState } from "./stack_state.ts";
import { type Difference, differences, remains, treeOf } from "./tree.ts";

/** A recipe that passed confinement, as it is going to be deployed. */
export interface Checked {
  compose: Compose;
  /** What both readers have found in it. */
  model: DockerModel;
  /** Real path of the folder that was read. */
  root: string;
}

/** One thing that the engine holds and nobody checked, or that it holds otherwise than it was checked. */
export interface Surplus {
  kind: "service" | "network" | "volume" | "config" | "secret" | "container";
  /** As the compose files call it, if they do. */
  name: string;
  /** Where it differs; null: all of it is too much. */
  difference: Difference | null;
}

const kindOf = { networks: "network", volumes: "volume", configs: "config", secrets: "secret" } as const;

export interface Deployed {
  stack: string;
  /** Folder of the recipe that was deployed. */
  checkout: string;
  /** The app's settings as the newest deploy read them. */
  settings: Readonly<Record<string, string>>;
  /** What was deployed, the newest first: nothing removes what an older version had and the newer one has not. */
  checked: readonly Checked[];
  /** The newest deploy failed, so that of a service there may be the version before. */
  failed?: boolean;
}

/** Where the engine holds more of a stack than what was checked, or other things. */
export function surplusOf(state: StackState, deployed: Deployed): Surplus[] {
  const { checked, stack } = deployed;
  const found: Surplus[] = [];
  for (const service of state.services) {
    const name = objectName(service).replace(`${stack}_`, "");
    const known = checked.filter(({ model }) => part(model.services)[name] !== undefined);
    // Swarm may have gone back to the version before; otherwise it is the newest that must be there.
    const rolledBack = String(part(service.UpdateStatus).State ?? "").startsWith("rollback");
    const possible = rolledBack || deployed.failed === true ? known : known.slice(0, 1);
    found.push(...least(possible.map((one) => compareService(service, { name, state, one, deployed })), {
      kind: "service",
      name,
    }));
  }
  for (const section of sections) {
    for (const object of state.objects[section]) {
      const name = objectName(object);
      const possible = checked.flatMap((one) => {
        const expected = objectsOf(section, { model: one.model, stack }).get(name);
        return expected === undefined ? [] : [compareObject(object, { section, expected, one, deployed })];
      });
      found.push(...least(possible, { kind: kindOf[section], name: keyOf(name, { section, deployed }) }));
    }
  }
  return found;
}

/** The differences from whichever of the possible readings is nearest; without any, all of it is too much. */
export function least(possible: readonly Difference[][], thing: Pick<Surplus, "kind" | "name">): Surplus[] {
  const [nearest] = possible.toSorted((a, b) => a.length - b.length);
  if (nearest === undefined) return [{ ...thing, difference: null }];
  return nearest.map((difference) => ({ ...thing, difference }));
}

function compareService(
  service: Part,
  { name, state, one, deployed }: { name: string; state: StackState; one: Checked; deployed: Deployed },
): Difference[] {
  const spec = withNames(part(service.Spec), state.names);
  const dnsrr = part(spec.EndpointSpec).Mode === "dnsrr";
  const facts = { ...factsOf(one, deployed), service: name, dnsrr };
  return differences(treeOf(specOf(name, { one, deployed })), { actual: treeOf(spec) })
    .flatMap((difference) => remains(difference, (end) => isPermittedInService(end, facts)));
}

/** The spec that a service ought to have. */
export function specOf(name: string, { one, deployed }: { one: Checked; deployed: Deployed }): Part {
  const moved = { from: one.root, to: deployed.checkout };
  return serviceSpec(name, { model: one.model, stack: deployed.stack, moved });
}

function compareObject(
  object: Part,
  { section, expected, one, deployed }: {
    section: Section;
    expected: Part;
    one: Checked;
    deployed: Deployed;
  },
): Difference[] {
  const { File, ...rest } = expected;
  const { Data, ...actual } = withoutIdentity(object);
  const isFilled = section === "configs" && File !== undefined;
  const planned = isFilled ? { ...rest, Data: hashOfFile(one.root, String(File)) } : rest;
  const held = isFilled ? { ...actual, Data: hash(Buffer.from(String(Data ?? ""), "base64")) } : actual;
  return differences(treeOf(planned), { actual: treeOf(held) })
    .flatMap((difference) => remains(difference, (end) => isPermittedInObject(end, factsOf(one, deployed))));
}

function factsOf(one: Checked, { stack, settings }: Deployed): DeployFacts {
  return { stack, env: { ...one.compose.env, ...settings }, type: one.compose.env.TYPE ?? "" };
}

/** The spec with names in the place of ids: an id says what is meant, whatever name stands beside it. */
function withNames(spec: Part, names: StackState["names"]): Part {
  const template = part(spec.TaskTemplate);
  const container = part(template.ContainerSpec);
  const named = (list: unknown, { id, name }: { id: string; name: string }) =>
    itemsOf(list).map(([, item]) => {
      const { [id]: told, ...rest } = part(item);
      const known = names.get(String(told));
      return known === undefined ? { ...rest, [id]: told } : { ...rest, [name]: known };
    });
  return {
    ...spec,
    TaskTemplate: {
      ...template,
      // Tasks of old clients carry their networks outside of the template.
      Networks: named(template.Networks ?? spec.Networks, { id: "Target", name: "Target" }),
      ContainerSpec: {
        ...container,
        Secrets: named(container.Secrets, { id: "SecretID", name: "SecretName" }),
        Configs: named(container.Configs, { id: "ConfigID", name: "ConfigName" }),
      },
    },
    Networks: undefined,
  };
}

function keyOf(name: string, { section, deployed }: { section: Section; deployed: Deployed }): string {
  const { checked, stack } = deployed;
  for (const { model } of checked) {
    const keys = Object.keys(part(model[section]));
    const key = keys.find((one) => nameOf(one, { section, naming: { model, stack } }) === name);
    if (key !== undefined) return key;
  }
  return name.replace(`${stack}_`, "");
}

function hashOfFile(root: string, path: string): string {
  const found = resolveInside(root, path);
  return typeof found === "string" ? `${found} file` : hash(readFileSync(found.path));
}

function hash(bytes: Uint8Array): string {
  return `SHA-256 ${createHash("sha256").update(bytes).digest("hex")}`;
}
