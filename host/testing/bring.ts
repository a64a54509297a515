import { type Credential, type Credentials, credentials as names } from "../credentials.ts";
import { HostError } from "../errors.ts";
import type { PartName } from "../reconcile/part_names.ts";
import { partOf, partsOf } from "../reconcile/parts.ts";
import { reconcile } from "../reconcile/reconcile.ts";
import { type HostSettings, parseSettings } from "../settings.ts";
import type { FakeHost } from "./fake_host.ts";

export interface Bringing {
  wanted?: HostSettings;
  credentials?: Credentials;
  parts?: readonly PartName[];
  /** Steps after which the program is killed. */
  killedAfter?: number;
  /** Milliseconds since the epoch. */
  now?: number;
}

export class Killed extends Error {}

/** Settings of a host with all of its parts, and what brings it to them. */
export function bringingFrom(certificates: string) {
  const settings = parseSettings({
    domain: "ci.example.org",
    forge: { url: "https://git.example.org", org: "recipes" },
    certificates,
    drone: {},
    backupBot: {},
  });

  /** Secrets by name, some of them others; an empty one is missing. */
  function secretsOf(changed: Partial<Record<Credential, string>> = {}): Credentials {
    const all: Record<string, string> = {
      ...Object.fromEntries(names.map((name) => [name, `${name}-of-a-test`])),
      registry_auth: "ci:registry_auth-of-a-test",
    };
    const find = (name: Credential) => Promise.resolve((changed[name] ?? all[name]) || undefined);
    return {
      find,
      async need(name) {
        const value = await find(name);
        if (value !== undefined) return value;
        throw new HostError("wrong", `The secret "${name}" is missing or empty`, { hint: "Write it." });
      },
    };
  }

  /** Brings a host to its settings. @returns what was done, a kind of step each */
  async function bring(host: FakeHost, options: Bringing = {}): Promise<string[]> {
    const { wanted = settings, credentials = secretsOf(), killedAfter = Infinity, now = Date.now() } =
      options;
    const before = host.done.length;
    for (const name of options.parts ?? partsOf(wanted)) {
      const part = partOf(name, wanted, { world: host, credentials, now: () => now });
      await reconcile(part, {
        begin() {
          if (host.done.length - before >= killedAfter) throw new Killed();
        },
      });
    }
    return host.done.slice(before);
  }
  return { settings, secretsOf, bring };
}
