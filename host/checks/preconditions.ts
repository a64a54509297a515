import { CcciError, describeError } from "../../common/errors.ts";
import { readCertificate } from "../certificate.ts";
import type { Credential, Credentials } from "../credentials.ts";
import { HostError, type Outcome } from "../errors.ts";
import type { HostSettings } from "../settings.ts";

/** One thing that the host needs, and whether it is there. */
export interface Finding {
  what: string;
  outcome: Outcome;
  /** What is there, or why it will not do and what to do about it; a sentence. */
  text: string;
}

/** Where preconditions are looked for. */
export interface Surroundings {
  credentials: Credentials;
  /** Milliseconds since the epoch. */
  now: number;
}

/** Looks at everything that the host needs before it can be made what it is to be; none hides another. */
export async function preconditions(settings: HostSettings, around: Surroundings): Promise<Finding[]> {
  const { credentials, now } = around;
  return await Promise.all([
    finding("certificate", async () => {
      const { domain, certificates } = settings;
      const { ends } = await readCertificate(certificates, { domain, now });
      return `is for ${domain} and what is below it, until ${new Date(ends).toISOString().slice(0, 10)}`;
    }),
    ...neededSecrets(settings).map((name) =>
      finding(`secret ${name}`, async () => {
        await credentials.need(name);
        return "is there";
      })
    ),
  ]);
}

/** Secrets that have to be there, by what the settings ask for. */
export function neededSecrets({ drone, backupBot }: HostSettings): Credential[] {
  const ofDrone: Credential[] = ["drone_token", "drone_rpc_secret", "drone_client_id", "drone_client_secret"];
  return [
    "bridge_token",
    "runner_token",
    "forge_token",
    ...(drone === undefined ? [] : ofDrone),
    ...(backupBot === undefined ? [] : ["restic_password"] as const),
  ];
}

/** What a look at one thing came to. */
export async function finding(what: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { what, outcome: "converged", text: await look() };
  } catch (error) {
    const hint = error instanceof CcciError && error.hint !== undefined ? `. ${error.hint}` : "";
    const outcome = error instanceof HostError ? error.outcome : "wrong";
    return { what, outcome, text: `${describeError(error)}${hint}` };
  }
}
