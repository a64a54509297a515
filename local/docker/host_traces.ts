import { join } from "node:path";
import * as z from "zod";
import { runCommand } from "../../common/command.ts";
import { exists, writeAtomically } from "../../common/files.ts";
import type { Paths } from "../host/paths.ts";

/**
 * What a Docker Engine changes on its machine and leaves changed when it ends. Noted before ours starts for the first
 * time, so that `down` can put back what was not there or was different, and nothing else.
 */
const traces = z.object({
  /** Folders that were not there. */
  newFolders: z.array(z.string()),
  /** Files likewise. */
  newFiles: z.array(z.string()).default([]),
  /** Folders of overlay networks that were there. */
  networks: z.array(z.string()).optional(),
  /** Settings of the kernel's network, by their path below `/proc/sys/net/ipv4`, that overlay networks raise. */
  limits: z.record(z.string(), z.string()).default({}),
  /** `/proc/sys/net/ipv4/ip_forward`, and the policy that Docker sets when it turns that on. */
  ipForward: z.string(),
  forwardPolicy: z.string(),
  /** Whether there were firewall chains of a Docker Engine already. */
  dockerChains: z.boolean(),
  /** Whether the default bridge was there. */
  defaultBridge: z.boolean(),
});
type Traces = z.infer<typeof traces>;

/** Where libnetwork keeps a folder for each overlay network, wherever the engine's data root is. */
const NETWORKS = "/var/lib/docker/network/files";
const FOLDERS = ["/run/docker", "/run/containerd", "/var/lib/docker", "/etc/docker"];
const FILES = ["/etc/docker/key.json"];
const SETTINGS = "/proc/sys/net/ipv4";
const IP_FORWARD = `${SETTINGS}/ip_forward`;
const LIMITS = [1, 2, 3].map((step) => `neigh/default/gc_thresh${step}`);
const FAMILIES = ["iptables", "ip6tables"];

function file(paths: Paths): string {
  return join(paths.state, "host-before.json");
}

/** Notes how the machine is, unless an earlier start has: the machine may now show traces of that start. */
export async function noteHost(paths: Paths): Promise<void> {
  if (await exists(file(paths))) return;
  const saved = (await saveRules("iptables")) ?? "";
  const noted: Traces = {
    newFolders: [],
    newFiles: [],
    networks: await namesIn(NETWORKS),
    limits: {},
    ipForward: (await Deno.readTextFile(IP_FORWARD)).trim(),
    forwardPolicy: /^:FORWARD ([A-Z]+)/m.exec(saved)?.[1] ?? "ACCEPT",
    dockerChains: /^:DOCKER/m.test(saved),
    defaultBridge: /^\s*docker0:/m.test(await Deno.readTextFile("/proc/net/dev")),
  };
  for (const folder of FOLDERS) if (!await exists(folder)) noted.newFolders.push(folder);
  for (const path of FILES) if (!await exists(path)) noted.newFiles.push(path);
  for (const limit of LIMITS) {
    const value = await Deno.readTextFile(join(SETTINGS, limit)).catch(() => null);
    if (value !== null) noted.limits[limit] = value.trim();
  }
  await writeAtomically(file(paths), JSON.stringify(noted) + "\n");
}

/** Puts the machine back to how {@linkcode noteHost} found it. To be called when no engine runs any more. */
export async function restoreHost(paths: Paths): Promise<void> {
  const text = await Deno.readTextFile(file(paths)).catch(() => undefined);
  if (text === undefined) return;
  const before = readTraces(text);
  if (before === undefined) { // how the machine was is not known, so nothing of it is changed
    await Deno.remove(file(paths));
    return;
  }
  if (!before.defaultBridge) await runCommand(["ip", "link", "delete", "docker0"]);
  if (!before.dockerChains) { for (const family of FAMILIES) await removeDockerRules(family); }
  if (before.ipForward === "0") {
    await runCommand(["iptables", "-P", "FORWARD", before.forwardPolicy]);
    await Deno.writeTextFile(IP_FORWARD, "0\n");
  }
  for (const [limit, value] of Object.entries(before.limits)) {
    await Deno.writeTextFile(join(SETTINGS, limit), `${value}\n`);
  }
  for (const path of before.newFiles) if (await exists(path)) await Deno.remove(path);
  const { networks } = before;
  if (networks !== undefined) {
    for (const name of await namesIn(NETWORKS)) {
      if (!networks.includes(name)) await Deno.remove(join(NETWORKS, name), { recursive: true });
    }
  }
  for (const folder of before.newFolders) await removeEmpty(folder);
  await Deno.remove(file(paths));
}

function readTraces(text: string): Traces | undefined {
  try {
    return traces.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function saveRules(family: string): Promise<string | undefined> {
  try {
    const saved = await runCommand([`${family}-save`]);
    return saved.success ? saved.stdout : undefined;
  } catch {
    return undefined;
  }
}

async function removeDockerRules(family: string): Promise<void> {
  for (const change of dockerRuleRemovals(await saveRules(family) ?? "")) {
    await runCommand([family, ...change]);
  }
}

/**
 * Arguments that take a Docker Engine's rules and chains out of a firewall, given its `iptables-save` text: rules
 * that jump to its chains or name its bridges first, then the chains.
 */
export function dockerRuleRemovals(saved: string): string[][] {
  const rules: string[][] = [];
  const flushes: string[][] = [];
  const deletions: string[][] = [];
  let table = "";
  for (const line of saved.split("\n")) {
    if (line.startsWith("*")) table = line.slice(1).trim();
    const chain = /^:(DOCKER\S*)/.exec(line)?.[1];
    if (chain !== undefined) {
      flushes.push(["-t", table, "-F", chain]);
      deletions.push(["-t", table, "-X", chain]);
    }
    const rule = /^-A (\S+) (.*)$/.exec(line);
    if (rule === null || rule[1]?.startsWith("DOCKER")) continue;
    const words = (rule[2] ?? "").split(" ");
    if (words.some((word) => /^(DOCKER|docker0$|docker_gwbridge$)/.test(word))) {
      rules.push(["-t", table, "-D", rule[1] ?? "", ...words]);
    }
  }
  return [...rules, ...flushes, ...deletions];
}

async function namesIn(folder: string): Promise<string[]> {
  return await exists(folder) ? (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name) : [];
}

/** Removes a tree of folders, as far as no file or socket is in it. */
async function removeEmpty(folder: string): Promise<void> {
  if (!await exists(folder)) return;
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) await removeEmpty(join(folder, entry.name));
  }
  await Deno.remove(folder).catch(() => {}); // not empty: somebody else's by now
}
