import { runCommandOk } from "../common/command.ts";

/** An address of this host that looks public, like that of a host on the internet. */
export const PUBLIC = "203.0.113.7";
/** A machine next to it, by an address on the internet and by those that are nobody's there. */
export const INTERNET = "203.0.113.1";
export const METADATA = "169.254.169.254";
export const PRIVATE = ["10.231.0.1", "172.30.231.1", "192.168.231.1", "100.64.231.1"];

const LINK = "ccci-next";
const PROGRAM = new URL("neighbour_main.ts", import.meta.url).pathname;

/** A process with services, and how to end it. */
export interface Services extends AsyncDisposable {
  pid: number;
}

/** Services on an address, in a network namespace of their own where that is wanted. */
export async function services(
  address: string,
  { ports, apart = false }: { ports: number[]; apart?: boolean },
): Promise<Services> {
  const program = [Deno.execPath(), "run", "-q", "-A", PROGRAM, address, ...ports.map(String)];
  const argv = [...(apart ? ["--net", "--", ...program] : ["--", ...program])];
  const child = new Deno.Command("setpriv", {
    args: ["--pdeathsig", "KILL", "--", "unshare", ...argv],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const { value } = await child.stdout.getReader().read();
  if (value === undefined) throw new Error(`Could not start services on "${address}"`);
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** The machine next to this one, on a link that goes with it. */
export async function neighbour(ports: number[]): Promise<AsyncDisposable> {
  const machine = await services("0.0.0.0", { ports, apart: true });
  const ip = (...args: string[]) => runCommandOk(["ip", ...args]);
  const there = (...args: string[]) =>
    runCommandOk(["nsenter", `--net=/proc/${machine.pid}/ns/net`, "--", "ip", ...args]);
  try {
    await ip("link", "add", LINK, "type", "veth", "peer", "name", "next0", "netns", String(machine.pid));
    await ip("addr", "add", `${PUBLIC}/24`, "dev", LINK);
    await ip("link", "set", LINK, "up");
    await there("addr", "add", `${INTERNET}/24`, "dev", "next0");
    await there("link", "set", "next0", "up");
    for (const address of [METADATA, ...PRIVATE]) {
      await there("addr", "add", `${address}/32`, "dev", "next0");
      await ip("route", "add", `${address}/32`, "via", INTERNET, "dev", LINK);
    }
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw error;
  }
  return machine;
}

/** Passes connections on, as a reverse proxy's published port does. */
export function passOn(
  from: { hostname: string; port: number },
  to: { hostname: string; port: number },
): Disposable {
  const listener = Deno.listen(from);
  (async () => {
    for await (const connection of listener) {
      const onward = await Deno.connect(to);
      connection.readable.pipeTo(onward.writable).catch(() => {});
      onward.readable.pipeTo(connection.writable).catch(() => {});
    }
  })().catch(() => {});
  return { [Symbol.dispose]: () => listener.close() };
}
