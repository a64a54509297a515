import { BrokerError, type BrokerOptions } from "../recipe_tests/broker_types.ts";
import { addressOf, publishedPorts } from "../swarm/reach.ts";
import { DockerError, type Swarm } from "../swarm/swarm.ts";

/**
 * Makes what tells the broker where a port of an app is. Only Docker's own record of this app's stack is asked: a domain
 * stands for what the app publishes and for nothing else, because the proxy's ports, and all others of the host, lead to
 * other people's apps.
 */
export function locator(
  swarm: Swarm,
  { stack, services }: { stack: string; services: readonly string[] },
): NonNullable<BrokerOptions["locate"]> {
  return async (target, port) => {
    if (services.includes(target)) {
      try {
        return { host: await addressOf(swarm, { stack, service: target }), port };
      } catch (error) {
        if (!(error instanceof DockerError) || error.code === "docker.away") throw error;
        throw new BrokerError("broker.tcp", error.message, { cause: error.cause });
      }
    }
    const published = await publishedPorts(swarm, stack);
    if (published.includes(port)) return { host: "127.0.0.1", port };
    const has = published.length === 0 ? "it publishes none" : `it publishes ${published.join(", ")}`;
    throw new BrokerError("broker.port", `The app publishes no TCP port ${port}: ${has}`);
  };
}
