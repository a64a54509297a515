import { lookup } from "node:dns/promises";
import type { ComposeFile } from "../recipe/compose.ts";
import { entriesOf, isRecord } from "../recipe/compose_values.ts";
import { quote, type ScopedReport } from "../lint/finding.ts";
import { describeError } from "../../common/errors.ts";
import { InfraFailure } from "../run/stage.ts";
import { type AskRegistry, doorProblem, type JudgeHost } from "./registry_doors.ts";

/** Nobody could say where a registry is, so nothing is known of it: the host's resolver, or the name's, does not answer. */
export class UnresolvedRegistry extends InfraFailure {
  constructor(host: string, cause: unknown) {
    super(`This host could not look up ${quote(host)}: nobody answered for it`, {
      detail: describeError(cause),
      cause,
    });
  }
}

/** Addresses of a host name; throws `ENOTFOUND` or `ENODATA` where there are none. */
export type Resolve = (host: string) => Promise<string[]>;

/** Registries that many recipes use, whose names need no look-up. */
const known = new Set([
  "docker.io",
  "index.docker.io",
  "registry-1.docker.io",
  "ghcr.io",
  "quay.io",
  "gcr.io",
  "registry.k8s.io",
  "mcr.microsoft.com",
  "public.ecr.aws",
  "lscr.io",
  "registry.gitlab.com",
  "codeberg.org",
  "docker.elastic.co",
  "docker.n8n.io",
  "docker.getoutline.com",
  "code.forgejo.org",
  "data.forgejo.org",
  "git.coopcloud.tech",
  "git.autonomic.zone",
]);
const ports = new Set(["443", "5000", "5050", "8443"]);
/** Names that no public registry has. */
const local = /(^|\.)(localhost|local|localdomain|internal|intranet|lan|home|corp|private|test|onion|arpa)$/;
/** Names that lead nobody anywhere (RFC 6761), the engine neither: that there is no such image is told by the deploy. */
const nowhere = /\.invalid$/;

/**
 * Where images come from: the engine asks a registry from the host itself, so that `127.0.0.1:5999/x` reaches what only
 * the host may reach. Named hosts only, at ports that registries have.
 */
export function checkImages(file: ComposeFile, report: ScopedReport): void {
  for (const { service, image } of imagesOf(file)) {
    const host = registryOf(image);
    // The engine takes the beginning of an id as well.
    if (/^(sha256:)?[0-9a-f]+$/i.test(image)) {
      report("confine.image", ["services", service, "image"], {
        message: `Service ${quote(service)} names its image by an id, which may be any that this host has`,
        subject: image,
        hint: "Name it as its registry does, with a tag",
      });
      continue;
    }
    const problem = host === null ? null : hostProblem(host);
    if (problem === null) continue;
    report("confine.image", ["services", service, "image"], {
      message: `Service ${quote(service)} takes its image from ${quote(host)}, which ${problem}`,
      subject: host ?? image,
      hint: "Name a public registry by its host name",
    });
  }
}

/**
 * Whether the hosts that images come from, and those that they send the engine to, are public ones by their addresses.
 * Asks the DNS and the registries, unlike the other rules.
 */
export async function checkRegistries(
  file: ComposeFile,
  { report, resolve, ask, own = ownAddresses() }: {
    report: ScopedReport;
    resolve: Resolve;
    ask?: AskRegistry;
    /** Addresses of this host. */
    own?: readonly string[];
  },
): Promise<void> {
  const asked = new Map<string, Promise<string | null>>();
  for (const { service, image } of imagesOf(file)) {
    const registry = registryOf(image)?.toLowerCase() ?? null;
    const host = registry?.replace(/:[0-9]+$/, "") ?? null;
    if (registry === null || host === null || known.has(host) || nowhere.test(host)) continue;
    const answer = asked.get(registry) ?? registryProblem(registry, { resolve, own, ...(ask && { ask }) });
    asked.set(registry, answer);
    const problem = await answer;
    if (problem === null) continue;
    report("confine.image", ["services", service, "image"], {
      message: `Service ${quote(service)} takes its image from ${quote(host)}, which ${problem}`,
      subject: host,
      hint: "Use a public registry",
    });
  }
}

/** Whether the registry of an image that no rule has looked at is a public one, so that it may be asked from this host. */
export async function isFromPublicHost(image: string): Promise<boolean> {
  const registry = registryOf(image)?.toLowerCase() ?? null;
  const host = registry?.replace(/:[0-9]+$/, "") ?? null;
  if (registry === null || host === null || known.has(host)) return true;
  if (nowhere.test(host) || hostProblem(registry) !== null) return false;
  const asked = registryProblem(registry, { resolve: addressesOf, own: ownAddresses() });
  return await asked.then((problem) => problem === null, () => false); // nobody knows where it is
}

/** By the resolver that the engine uses as well, `/etc/hosts` included. */
export async function addressesOf(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function imagesOf(file: ComposeFile): { service: string; image: string }[] {
  return entriesOf(file.doc.services).flatMap(([service, definition]) =>
    isRecord(definition) && typeof definition.image === "string" ? [{ service, image: definition.image }] : []
  );
}

/** The registry that an image's name begins with, by Docker's rule; null for Docker Hub. */
function registryOf(image: string): string | null {
  const [first = "", ...rest] = image.split("/");
  const isHost = /[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase();
  return rest.length > 0 && isHost ? first : null;
}

function hostProblem(registry: string): string | null {
  const [host = "", port, ...more] = registry.toLowerCase().split(":");
  const labels = host.split(".");
  const named = labels.length > 1 && labels.every((label) => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label)) &&
    /^[a-z][a-z0-9-]*$/.test(labels.at(-1) ?? "");
  if (more.length > 0 || !named) return "is no public host's name";
  if (local.test(host)) return "is the name of a host that is not public";
  return port === undefined || ports.has(port)
    ? null
    : `answers at a port that registries do not have, ${quote(port)}`;
}

async function registryProblem(
  registry: string,
  { ask, ...looking }: Looking & { ask?: AskRegistry },
): Promise<string | null> {
  const judged = await judgeAddresses(registry, looking);
  if ("problem" in judged) return judged.problem;
  const judge: JudgeHost = async (host) => {
    const problem = hostProblem(host);
    return problem === null ? await judgeAddresses(host, looking) : { problem };
  };
  return await doorProblem(registry, { judge, ...(ask && { ask }) });
}

interface Looking {
  resolve: Resolve;
  own: readonly string[];
}

function ownAddresses(): string[] {
  return Deno.networkInterfaces().map(({ address }) => address);
}

async function judgeAddresses(registry: string, { resolve, own }: Looking): ReturnType<JudgeHost> {
  const [host = "", port = "443"] = registry.split(":");
  let addresses: string[];
  try {
    addresses = await resolve(host);
  } catch (error) {
    if (!isNobodys(error)) throw new UnresolvedRegistry(host, error);
    return { problem: "has no address that could be looked at" };
  }
  if (addresses.length === 0) return { problem: "has no address that could be looked at" };
  if (!addresses.every(isPublic)) return { problem: "has an address that is not public" };
  // From outside a firewall may close what the host's own engine reaches.
  return port !== "443" && addresses.some((one) => own.includes(one))
    ? { problem: "is this host, at a port that is not for everybody" }
    : { addresses };
}

/** Whether the DNS said that there is no such name, or no address of it; all else says nothing of the name. */
function isNobodys(error: unknown): boolean {
  return isRecord(error) && (error.code === "ENOTFOUND" || error.code === "ENODATA");
}

/** Whether an address is one that anybody on the internet means the same by. */
export function isPublic(address: string): boolean {
  const mapped = /^(?:::ffff:|64:ff9b::)([0-9.]+)$/i.exec(address)?.[1];
  const bytes = /^([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})$/.exec(mapped ?? address);
  if (bytes !== null) {
    const [a, b, c] = bytes.slice(1).map(Number) as [number, number, number];
    return !(a === 0 || a === 10 || a === 127 || a >= 224 || (a === 100 && b >= 64 && b < 128) ||
      (a === 169 && b === 254) || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) ||
      (a === 192 && b === 0 && (c === 0 || c === 2)) || (a === 198 && (b === 18 || b === 19)));
  }
  // What the internet uses of IPv6 begins with 2 or 3; 2001:db8 is for examples, 2002 and 2001:0 hold addresses of IPv4.
  return /^[23][0-9a-f]{3}:/i.test(address) && !/^(2002:|2001:(db8:|0{0,4}:))/i.test(address);
}
