import { formatBytes } from "../../common/bytes.ts";
import { describeError } from "../../common/errors.ts";
import { join } from "node:path";
import { readIfThere } from "../../common/files.ts";
import { readAuthority, requireSigned } from "../authority.ts";
import { readCertificate } from "../certificate.ts";
import type { Credentials } from "../credentials.ts";
import { explained, HostError, type Outcome } from "../errors.ts";
import type { World } from "../plan/world.ts";
import { planSwarm } from "../plan/swarm.ts";
import type { HostSettings } from "../settings.ts";
import { lacksForBridge, unitsOf } from "../unit_values.ts";
import { goesOn, neededBy } from "../units.ts";
import { requireRunning } from "./running.ts";

/** One thing that the host needs, and whether it is there. */
export interface Finding {
  what: string;
  outcome: Outcome;
  /** What is there, or why it will not do and what to do about it; a sentence. */
  text: string;
}

/** Where preconditions are looked for. */
export interface Surroundings {
  world: Pick<World, "swarm" | "strangeAbra" | "forgeTrouble" | "floorTrouble" | "freeBytes" | "units">;
  credentials: Credentials;
  /** Milliseconds since the epoch. */
  now: number;
}

const DAY_MS = 24 * 3600 * 1000;
/** What people should be told of a certificate's end in time. */
const WARN_DAYS = 21;

/** Looks at everything that the host needs, each by itself, so that nothing hides anything else. */
export async function preconditions(settings: HostSettings, around: Surroundings): Promise<Finding[]> {
  const { credentials, world, now } = around;
  const { ca, runnerOf, without } = settings;
  const lasting = unitsOf(settings).filter(goesOn);
  let asked: ReturnType<World["units"]> | null = null;
  const units = () => asked ??= world.units(lasting);
  const secrets = neededBy(unitsOf(settings)).map((name) =>
    finding(`secret ${name}`, async () => {
      await credentials.need(name);
      return "is there";
    })
  );
  return await Promise.all([
    finding("Docker and Swarm", async () => {
      const { steps, blocked } = planSwarm(settings, await world.swarm());
      if (blocked !== null) throw blocked;
      return steps.length === 0 ? "are as they should be" : 'can be made with "cc-ci-host swarm"';
    }),
    finding("limits of containers", async () => {
      const trouble = await world.floorTrouble();
      if (trouble === null) return "are there";
      throw new HostError("wrong", trouble, {
        hint: 'The harness says what belongs into /etc/docker/daemon.json: "cc-ci-harness floor".',
      });
    }),
    finding("abra", async () => {
      const strange = await world.strangeAbra();
      if (strange === null) return "is a version that is known";
      throw new HostError("wrong", strange, { hint: 'Take one that is known, or name it in "trustAbra".' });
    }),
    finding("certificate", () => lookAtCertificate(settings, now)),
    finding("forge", async () => {
      const trouble = await world.forgeTrouble();
      if (trouble === null) return `${settings.forge.url} answers`;
      throw new HostError("not yet", `${settings.forge.url} does not answer: ${trouble}`, {
        hint: 'Look whether it runs, and whether "forge.url" is its address.',
      });
    }),
    ...(ca === undefined ? [] : [finding("authority", () => lookAtAuthority(settings, ca))]),
    ...(runnerOf !== undefined || without.includes("bridge")
      ? []
      : [finding("bridge", () => lookAtBridge(settings))]),
    finding("disk", () => lookAtDisk(settings, around)),
    ...secrets,
    ...lasting.map((name) =>
      finding(name, async () => {
        const seen = await units();
        return seen === null
          ? "is not looked for, as systemd does not run"
          : requireRunning(name, seen[name]);
      })
    ),
  ]);
}

async function lookAtCertificate({ domain, certificates }: HostSettings, now: number): Promise<string> {
  const { ends } = await readCertificate(certificates, { domain, now });
  const day = new Date(ends).toISOString().slice(0, 10);
  if (ends - now > WARN_DAYS * DAY_MS) return `is for ${domain} and what is below it, until ${day}`;
  throw new HostError("wrong", `The certificate in "${certificates}" ends on ${day}`, {
    hint: "Renew it before.",
  });
}

async function lookAtAuthority({ certificates }: HostSettings, ca: string): Promise<string> {
  const authority = await readAuthority(ca);
  const chain = await readIfThere(join(certificates, "fullchain.pem"));
  if (chain !== null) requireSigned(chain, { authority, path: ca });
  return `is the one in ${ca}`;
}

function lookAtBridge(settings: HostSettings): string {
  const lacks = lacksForBridge(settings);
  if (lacks === null) {
    const { repository = "", commit = "" } = settings.drone ?? {};
    return `has builds of ${repository} run at ${commit.slice(0, 8)}`;
  }
  throw new HostError("wrong", `There is none, and nobody is answered, as ${lacks}`, {
    hint:
      'Write that and install again ("git ls-remote" shows the newest commit), or name "bridge" in "without" ' +
      "where there is to be none.",
  });
}

async function lookAtDisk({ runs, minFreeGb }: HostSettings, { world }: Surroundings): Promise<string> {
  const free = await world.freeBytes(runs);
  if (free >= minFreeGb * 1e9) return `has ${formatBytes(free)} free`;
  throw new HostError(
    "wrong",
    `The disk with "${runs}" has ${formatBytes(free)} free, and a run needs ${minFreeGb} GB`,
    {
      hint: 'Make room there: "cc-ci-harness janitor" removes what runs left.',
    },
  );
}

async function finding(what: string, look: () => Promise<string> | string): Promise<Finding> {
  try {
    return { what, outcome: "converged", text: await look() };
  } catch (error) {
    const { outcome, message, hint } = explained(error) ??
      { outcome: "wrong", message: describeError(error), hint: undefined };
    return { what, outcome, text: hint === undefined ? message : `${message}. ${hint}` };
  }
}
