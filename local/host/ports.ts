import { UsageError } from "../../common/errors.ts";
import { commandLine, parentOf } from "./process.ts";

/** A listening TCP socket on the wanted port. */
export interface PortHolder {
  /** Nothing when the process belongs to somebody else and we are not root. */
  pid?: number;
  name?: string;
}

const LISTEN = "0A";
const LOOPBACK_HEX = ["00000000", "0100007F", "0".repeat(32), "00000000000000000000000001000000"];

/** Sockets of `/proc/net/tcp` text that listen on the port at loopback or any address; answers their inodes. */
export function listenersIn(table: string, port: number): string[] {
  const inodes: string[] = [];
  for (const line of table.split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [address, hexPort] = (fields[1] ?? "").split(":");
    if (fields[3] !== LISTEN || parseInt(hexPort ?? "", 16) !== port) continue;
    if (address !== undefined && LOOPBACK_HEX.includes(address)) inodes.push(fields[9] ?? "");
  }
  return inodes;
}

/** Who listens on a port of this machine. */
export function portHolder(port: number): PortHolder | undefined {
  const inodes = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => {
    try {
      return listenersIn(Deno.readTextFileSync(file), port);
    } catch {
      return [];
    }
  });
  if (inodes.length === 0) return undefined;
  const wanted = new Set(inodes.map((inode) => `socket:[${inode}]`));
  const holders = [...Deno.readDirSync("/proc")].map(({ name }) => name)
    .filter((pid) => /^[0-9]+$/.test(pid) && openFiles(pid).some((target) => wanted.has(target))).map(Number);
  const pid = eldest(holders, parentOf);
  return pid === undefined ? {} : { pid, name: commandLine(pid)[0]?.split("/").pop() ?? "?" };
}

/** Of those who have the same socket the one that the others have it from: to stop one of its children frees nothing. */
export function eldest(holders: readonly number[], parentOf: (pid: number) => number): number | undefined {
  return holders.find((pid) => !holders.includes(parentOf(pid))) ?? holders[0];
}

/** What a process has open. A file that was closed meanwhile is left out, and so is all of another user's process. */
function openFiles(pid: string): string[] {
  const link = (fd: string) => {
    try {
      return [Deno.readLinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  };
  try {
    return [...Deno.readDirSync(`/proc/${pid}/fd`)].flatMap(({ name }) => link(name));
  } catch {
    return [];
  }
}

const INGRESS_PORTS = [80, 443];

/**
 * Called before anything is started or built. A port that Docker publishes is let pass, because our own Traefik may
 * hold it, in an engine that is not ours.
 * @throws {UsageError} naming the process, when a port that the ingress needs is taken.
 */
export function refuseTakenPorts(): void {
  requireFreePorts(INGRESS_PORTS, (holder) => holder.name === "docker-proxy");
}

/** @throws {UsageError} naming the process, when a port is taken by anybody. */
export function requireFreePorts(
  ports = INGRESS_PORTS,
  mayHold: (holder: PortHolder) => boolean = () => false,
): void {
  for (const port of ports) {
    const holder = portHolder(port);
    if (holder === undefined || mayHold(holder)) continue;
    const who = holder.pid === undefined ? "another program" : `"${holder.name}" (process ${holder.pid})`;
    throw new UsageError(`Could not use port ${port}: ${who} listens on it`, {
      hint: holder.name === "docker-proxy"
        ? `A container publishes port ${port} ("docker ps" shows which): stop it and start again`
        : `Stop ${who} and start again; "./cc-ci status" shows what this stack runs itself`,
    });
  }
}
