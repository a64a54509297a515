import { type OwnHosts, reachedAt } from "../../common/ingress.ts";
import { type Needs, withheld } from "../../common/permissions.ts";
import { type Config, ownDomain } from "./config.ts";
import type { Finding } from "./self_check.ts";

/** What the bridge has to be allowed so that it can do what its settings say. */
export function needsOf(config: Config): Needs {
  const own: OwnHosts = { base: ownDomain(config), ingress: { address: config.INGRESS } };
  const services = [
    config.FORGE_URL,
    config.DASHBOARD_URL,
    config.ENGINE === "drone" ? config.DRONE_URL : undefined,
  ].filter((url) => url !== undefined);
  return {
    read: [config.STATE, config.RECIPES, ...config.CA_FILE === undefined ? [] : [config.CA_FILE]],
    write: [config.STATE],
    net: [config.LISTEN, ...services.map((url) => reachedAt(new URL(url), own))],
    run: config.ENGINE === "local" ? ["sh", "kill"] : [],
    // Deno's client for https wants to see the system's certificates, unless it is given others and no more.
    sys: ["ca"],
  };
}

/** What Deno does not let the bridge do, each with what to put right. */
export async function withheldFrom(config: Config): Promise<Finding[]> {
  return (await withheld(needsOf(config))).map((sentence) => {
    const isStart = sentence.includes("--allow-run");
    const advice = ', or take the permission set "bridge-local", as the engine "local" needs';
    return { kind: "wrong", text: isStart ? sentence + advice : sentence };
  });
}
