import { type ComposeFile, listOf, mergedServices } from "./compose.ts";
import { asObject } from "./schema.ts";

export interface OverrideOptions {
  /** Labels for the service called `app`; no other service gets any. */
  labels: Record<string, string>;
  /** Give every service task addresses in place of a virtual one, and publish ports on the host. */
  dnsrr: boolean;
}

/**
 * What is laid over a recipe's compose files at deploy time: abra's labels and, on a kernel without IPVS (where
 * virtual addresses between services do not work), `endpoint_mode: dnsrr`. Carries the recipe's own `version:`,
 * because Docker refuses to merge files whose versions differ. Returns undefined if there is nothing to lay over.
 */
export function buildOverride(
  files: ComposeFile[],
  options: OverrideOptions,
): Record<string, unknown> | undefined {
  const services: Record<string, Record<string, unknown>> = {};
  for (const [name, service] of Object.entries(mergedServices(files))) {
    const deploy: Record<string, unknown> = {};
    const changes: Record<string, unknown> = {};
    if (name === "app" && Object.keys(options.labels).length > 0) {
      deploy.labels = Object.fromEntries(
        Object.entries(options.labels).map(([key, value]) => [key, value.replaceAll("$", "$$$$")]),
      );
    }
    if (options.dnsrr) {
      deploy.endpoint_mode = "dnsrr";
      const ports = listOf(service.ports).flatMap(hostModePorts);
      if (ports.length > 0) changes.ports = ports;
    }
    if (Object.keys(deploy).length > 0) changes.deploy = deploy;
    if (Object.keys(changes).length > 0) services[name] = changes;
  }
  if (Object.keys(services).length === 0) return undefined;
  const version = files[0]?.doc.version;
  return { ...(version === undefined ? {} : { version }), services };
}

/** A port entry, long or short, as long entries in host mode; Docker's merge lets them replace the original ones. */
function hostModePorts(entry: unknown): Record<string, unknown>[] {
  const long = asObject(entry);
  if (long !== undefined) return long.mode === "host" ? [] : [{ ...long, mode: "host" }];
  const match = /^(?:(\d+\.\d+\.\d+\.\d+|\[[^\]]*\]):)?(?:(.+):)?([^:/]+)(?:\/(tcp|udp|sctp))?$/.exec(
    String(entry),
  );
  if (match === null) return [];
  const [, , published, target = "", protocol = "tcp"] = match;
  const targets = range(target);
  const sources = published === undefined ? [] : range(published);
  return targets.map((port, index) => ({
    target: port,
    ...(sources[index] === undefined ? {} : { published: sources[index] }),
    protocol,
    mode: "host",
  }));
}

function range(text: string): (number | string)[] {
  const match = /^(\d+)-(\d+)$/.exec(text);
  if (match === null) return [/^\d+$/.test(text) ? Number(text) : text];
  const first = Number(match[1]);
  return Array.from({ length: Number(match[2]) - first + 1 }, (_, index) => first + index);
}
