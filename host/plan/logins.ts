import type { Credentials } from "../credentials.ts";
import { HostError } from "../errors.ts";
import type { HostSettings } from "../settings.ts";
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

/** The certificate by which Traefik knows the services behind it: other containers share the way between them. */
export function planMade(seen: Pick<SeenMade, "insideCa">): Step[] {
  return seen.insideCa !== null ? [] : [{
    action: { kind: "make-inside-certificate" },
    does: "Make the certificate of the services behind the proxy",
  }];
}

/** An account as Docker's configuration has it. @throws {HostError} wrong, for what Docker would not understand */
function authOf(account: string): string {
  if (/^[^:]+:./.test(account)) return new TextEncoder().encode(account).toBase64();
  throw new HostError("wrong", 'The secret "registry_auth" is not NAME:TOKEN', {
    hint: "Write the name of an account there, a colon, and its access token.",
  });
}
