import * as z from "zod";
import { type Compose, labelsOf, objectName } from "../../harness/recipe/compose.ts";
import { entriesOf, isRecord, itemsOf, listOrMap } from "../../harness/recipe/compose_values.ts";
import type { Services, ServiceShape } from "../plan/seen.ts";

const texts = z.array(z.string()).nullish().transform((all) => all ?? []);
const labels = z.record(z.string(), z.string()).nullish().transform((all) => all ?? {});

/** What is read of a service as Docker lists it. */
export const dockerService = z.object({
  Spec: z.object({
    Name: z.string(),
    Labels: labels,
    Mode: z.object({ Replicated: z.object({ Replicas: z.number().default(1) }).optional() }),
    TaskTemplate: z.object({
      ContainerSpec: z.object({
        Image: z.string().default(""),
        Env: texts,
        Secrets: z.array(z.object({ SecretName: z.string() })).nullish().transform((all) => all ?? []),
        Configs: z.array(z.object({ ConfigName: z.string() })).nullish().transform((all) => all ?? []),
      }),
    }),
  }),
});

/** A stack's services as Docker lists them, by their names without the stack's. */
export function servicesThere(listed: readonly z.infer<typeof dockerService>[], stack: string): Services {
  return Object.fromEntries(listed.map(({ Spec }) => {
    const { Image, Env, Secrets, Configs } = Spec.TaskTemplate.ContainerSpec;
    const shape: ServiceShape = {
      image: plainImage(Image),
      env: Object.fromEntries(Env.map(assignment)),
      labels: Spec.Labels,
      secrets: Secrets.map((one) => one.SecretName).sort(),
      configs: Configs.map((one) => one.ConfigName).sort(),
      replicas: Spec.Mode.Replicated?.Replicas ?? null,
    };
    return [Spec.Name.slice(stack.length + 1), shape];
  }));
}

/** The services that compose files come to. abra stamps labels of its own over the recipe's, which are left out. */
export function servicesWanted(compose: Compose, stack: string): Services {
  const all: Record<string, ServiceShape> = {};
  for (const file of compose.files) {
    for (const [name, definition] of entriesOf(file.doc.services)) {
      if (!isRecord(definition)) continue;
      const service = all[name] ??= {
        image: "",
        env: {},
        labels: {},
        secrets: [],
        configs: [],
        replicas: 1,
      };
      if (typeof definition.image === "string") service.image = plainImage(definition.image);
      for (const { key, value } of listOrMap(definition.environment)) {
        const set = value ?? compose.env[key];
        if (set !== undefined) service.env[key] = set;
      }
      add(service.secrets, namesOfUsed(compose, { kind: "secrets", used: definition.secrets, stack }));
      add(service.configs, namesOfUsed(compose, { kind: "configs", used: definition.configs, stack }));
      const deploy = isRecord(definition.deploy) ? definition.deploy : {};
      if (deploy.replicas !== undefined) service.replicas = Number(deploy.replicas);
      if (deploy.mode === "global") service.replicas = null;
    }
  }
  for (const [name, service] of Object.entries(all)) {
    const stamped = new RegExp(`^coop-cloud\\.${stack}\\.(version|recipe|chaos|chaos-version)$`);
    service.labels = Object.fromEntries(
      Object.entries(labelsOf(compose, name)).filter(([label]) => !stamped.test(label)),
    );
  }
  return all;
}

function namesOfUsed(
  compose: Compose,
  { kind, used, stack }: { kind: "secrets" | "configs"; used: unknown; stack: string },
): string[] {
  return itemsOf(used).map(([, item]) => {
    const key = String(isRecord(item) ? item.source ?? "" : item);
    const definitions = compose.files.flatMap(({ doc }) =>
      entriesOf(doc[kind]).filter(([name]) => name === key).map(([, definition]) => definition)
    );
    return objectName(definitions.at(-1), key) ?? `${stack}_${key}`;
  });
}

function add(to: string[], names: readonly string[]): void {
  for (const name of names) if (!to.includes(name)) to.push(name);
  to.sort();
}

/** An image as recipes write it: without the digest that was looked up, and without the registry that is meant anyway. */
function plainImage(image: string): string {
  const [name = ""] = image.split("@");
  return name.replace(/^(index\.)?docker\.io\/(library\/)?/, "");
}

function assignment(line: string): [name: string, value: string] {
  const at = line.indexOf("=");
  return at === -1 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
}
