import * as z from "zod";
import { entriesOf, isRecord, itemsOf, valueAt } from "../recipe/compose_values.ts";
import type { DockerModel } from "../recipe/docker_reading.ts";
import { statusOf, type Swarm } from "../swarm/swarm.ts";
import type { Finding } from "../lint/finding.ts";
import { checkLimits } from "./limits.ts";

/** What an image asks of Docker where a service says nothing of it. */
export interface ImageDefaults {
  /** Nanoseconds between two looks at its health; 0: Docker's own default, null: it has no health check. */
  interval: number | null;
  startInterval: number;
  /** Paths for which Docker makes a volume. */
  volumes: string[];
}

const inspected = z.object({
  Config: z.object({
    Healthcheck: z.object({
      Test: z.array(z.string()).nullish(),
      Interval: z.number().default(0),
      StartInterval: z.number().default(0),
    }).nullish(),
    Volumes: z.record(z.string(), z.unknown()).nullish(),
  }).nullish(),
});

/** Reads from the engine what an image asks for, or null where the engine does not have it. */
export async function imageDefaults(swarm: Swarm, id: string): Promise<ImageDefaults | null> {
  const look = async () => {
    try {
      return await swarm.docker.getImage(id).inspect();
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw error;
    }
  };
  const found = await swarm.ask("look at an image", look, inspected.nullable());
  return found === null ? null : defaultsIn(found);
}

function defaultsIn({ Config: config }: z.infer<typeof inspected>): ImageDefaults {
  const check = config?.Healthcheck;
  const none = check === null || check === undefined || (check.Test ?? [])[0] === "NONE";
  return {
    interval: none ? null : check.Interval,
    startInterval: none ? 0 : check.StartInterval,
    volumes: Object.keys(config?.Volumes ?? {}),
  };
}

/**
 * What services cost the host by the health checks and volumes of their images, which are strangers' work as compose
 * files are: held to the same limits, wherever a service says nothing of its own.
 * @param defaults by the image's name in the model
 */
export function imageExcess(model: DockerModel, defaults: ReadonlyMap<string, ImageDefaults>): Finding[] {
  const services = Object.fromEntries(
    entriesOf(model.services).map((
      [name, service],
    ) => [name, isRecord(service) ? filled(service, defaults) : service]),
  );
  const doc = { ...model, services };
  const findings: Finding[] = [];
  checkLimits(
    { path: "compose.yml", doc, raw: doc, lineOf: () => 1 },
    (rule, _path, { severity = "error", ...rest }) =>
      findings.push({ rule, severity, file: "compose.yml", ...rest }),
  );
  return findings;
}

function filled(
  service: Record<string, unknown>,
  defaults: ReadonlyMap<string, ImageDefaults>,
): Record<string, unknown> {
  const image = defaults.get(String(service.image));
  if (image === undefined) return service;
  const own = isRecord(service.healthcheck) ? service.healthcheck : {};
  const off = own.disable === true ||
    itemsOf(own.test).some(([index, word]) => index === 0 && word === "NONE");
  const interval = own.interval ?? (image.interval ? `${image.interval}ns` : undefined);
  const startInterval = own.start_interval ??
    (image.startInterval > 0 ? `${image.startInterval}ns` : undefined);
  const healthcheck = {
    ...own,
    ...(interval === undefined ? {} : { interval }),
    ...(startInterval === undefined ? {} : { start_interval: startInterval }),
  };
  const mounts = itemsOf(service.volumes).map(([, mount]) => mount);
  const taken = new Set(mounts.map((mount) => valueAt(mount, ["target"])));
  const unnamed = image.volumes.filter((path) => !taken.has(path))
    .map((target) => ({ type: "volume", target }));
  return {
    ...service,
    ...(image.interval === null || off ? {} : { healthcheck }),
    volumes: [...mounts, ...unnamed],
  };
}
