import { PORTS } from "../local/host/paths.ts";

const from = { forge: 2, drone: 128 };

/**
 * An address of this machine for the services of one lab, where no other lab has its forge now; labs of the two kinds go
 * on side by side.
 */
export function labAddress(lab: "forge" | "drone"): string {
  while (true) {
    const address = `127.0.0.${from[lab] + Math.floor(Math.random() * 126)}`;
    try {
      Deno.listen({ hostname: address, port: PORTS.gitea }).close();
      return address;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
