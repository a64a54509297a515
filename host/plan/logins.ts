import { splitAddress } from "../../common/ingress.ts";
import type { Credentials } from "../credentials.ts";
import { HostError } from "../errors.ts";
import { droneDomain, type HostSettings } from "../settings.ts";
import type { SeenLogins, SeenMade } from "./seen.ts";
import type { Plan, Step } from "./step.ts";

/** Log-ins of the host at the registry and at the forge, as far as secrets for them are given. */
export async function planLogins(
  { registry, forge }: HostSettings,
  { seen, credentials }: { seen: SeenLogins; credentials: Credentials },
): Promise<Plan> {
  const steps: Step[] = [];
  const account = await credentials.find("registry_auth");
  const auth = account === undefined ? null : authOf(account);
  if (auth !== null && auth !== seen.registry) {
    steps.push({
      action: { kind: "log-in-to-registry", registry, auth },
      does: `Let Docker log in to "${registry}"`,
    });
  }
  const token = await credentials.find("git_token");
  const host = new URL(forge.url).hostname;
  if (token !== undefined && token !== seen.git) {
    steps.push({ action: { kind: "let-git-in", host, token }, does: `Let git in at "${host}"` });
  }
  return { steps, blocked: null };
}

/**
 * The certificate by which Traefik knows the services behind it, since other containers share the way between them; and
 * the names that the runner knows: it finds Drone at the proxy of this host, whatever address the DNS has for everybody.
 */
export function planMade(settings: HostSettings, seen: SeenMade): Step[] {
  const steps: Step[] = [];
  if (seen.insideCa === null) {
    steps.push({
      action: { kind: "make-inside-certificate" },
      does: "Make the certificate of the services behind the proxy",
    });
  }
  const text = runnersNames(settings, seen.namesOfHost);
  if (text !== seen.names) {
    steps.push({
      action: { kind: "write-names", text },
      does: `Write down where the runner finds "${droneDomain(settings)}"`,
    });
  }
  return steps;
}

/**
 * The runner's `hosts`: what comes from the host by another address is kept from what runners ask. Where Drone is another
 * host's, or the proxy has no address, it says what the host's own says. It is there always, since a runner that goes on
 * sees what is written to the file with which it started, and nothing of a file that came later or went.
 */
function runnersNames(settings: HostSettings, ofHost: string): string {
  const [address] = splitAddress(settings.proxy.ingress);
  const isHere = settings.drone !== undefined && /^[\d.]+$|:/.test(address);
  return `${ofHost.trimEnd()}\n${isHere ? `${address} ${droneDomain(settings)}\n` : ""}`;
}

/** An account as Docker's configuration has it. @throws {HostError} wrong, for what Docker would not understand */
function authOf(account: string): string {
  if (/^[^:]+:./.test(account)) return new TextEncoder().encode(account).toBase64();
  throw new HostError("wrong", 'The secret "registry_auth" is not NAME:TOKEN', {
    hint: "Write the name of an account there, a colon, and its access token.",
  });
}
