import type { ServiceObject } from "./schema.ts";
import type { Swarm } from "./swarm.ts";

/** What a service is called in the compose files of its stack. */
export function nameInStack({ Spec: { Name: name } }: Pick<ServiceObject, "Spec">, stack: string): string {
  return name.replace(`${stack}_`, "");
}

/** The same of all services that a stack has now, in alphabetical order. @throws {DockerError} */
export async function serviceNames(swarm: Swarm, stack: string): Promise<string[]> {
  return (await swarm.services(stack)).map((service) => nameInStack(service, stack)).toSorted();
}
