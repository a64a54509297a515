import type { Services, ServiceShape } from "./seen.ts";

/**
 * In what the services that Docker runs differ from those that recipe and settings come to, as ends of the sentence
 * "because …". Values stay out of it: some are secret. What Docker and abra add is no difference.
 */
export function differences(wanted: Services, there: Services): string[] {
  return Object.entries(wanted).flatMap(([name, service]) => {
    const found = there[name];
    if (found === undefined) return [`the service "${name}" is not there`];
    return ofService(service, found).map((what) => `${what} of the service "${name}"`);
  });
}

function ofService(wanted: ServiceShape, there: ServiceShape): string[] {
  const map = (what: string, key: "env" | "labels") =>
    Object.entries(wanted[key]).filter(([name, value]) => there[key][name] !== value)
      .map(([name]) => `${what} "${name}" is another one, that`);
  const list = (what: string, key: "secrets" | "configs") =>
    wanted[key].join() === there[key].join() ? [] : [`${what} are others, those`];
  return [
    ...(wanted.image === there.image
      ? []
      : [`the image is "${there.image}" and not "${wanted.image}", that`]),
    ...map("the variable", "env"),
    ...map("the label", "labels"),
    ...list("the secrets", "secrets"),
    ...list("the configs", "configs"),
    ...(wanted.replicas === there.replicas ? [] : ["the number of tasks is another one, that"]),
  ];
}
