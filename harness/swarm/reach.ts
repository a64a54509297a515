import * as z from "zod";
import { DockerError, type Swarm } from "./swarm.ts";

/** The bridge by which containers on overlay networks reach the host, and the host reaches them. */
const GATEWAY_BRIDGE = "docker_gwbridge";

const bridge = z.object({
  Containers: z.record(z.string(), z.object({ IPv4Address: z.string().default("") })).nullish()
    .transform((all) => all ?? {}),
});

/**
 * The address at which the host reaches the running container of a service, as Docker says now.
 * @throws {DockerError} `docker.no-container` when none runs, `docker.no-way` when it is on closed networks only
 */
export async function addressOf(
  swarm: Swarm,
  { stack, service }: { stack: string; service: string },
): Promise<string> {
  const { Id: id } = await swarm.containerOf(stack, service);
  const { Containers: containers } = await swarm.ask(
    "look for a container's address",
    () => swarm.docker.getNetwork(GATEWAY_BRIDGE).inspect(),
    bridge,
  );
  const address = containers[id]?.IPv4Address.split("/")[0] ?? "";
  if (address !== "") return address;
  throw new DockerError(
    `reach service "${service}" from the host: its networks are closed (internal: true)`,
    {
      code: "docker.no-way",
    },
  );
}

/** TCP ports that a stack's services publish on the host. */
export async function publishedPorts(swarm: Swarm, stack: string): Promise<number[]> {
  const services = await swarm.services(stack);
  return services.flatMap(({ Spec }) => Spec.EndpointSpec?.Ports ?? []).flatMap((port) =>
    typeof port.PublishedPort === "number" && (port.Protocol ?? "tcp") === "tcp" ? [port.PublishedPort] : []
  );
}
