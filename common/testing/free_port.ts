/** Ports below those that the kernel gives to connections by itself, and above those of well-known services. */
const FIRST = 15_000;
const LAST = 31_999;

/**
 * A port for a program of a test that binds it a moment later. One that the kernel chooses may be a connection's by then;
 * these are nobody's who does not ask for them.
 */
export function freePort(hostname = "127.0.0.1"): number {
  while (true) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    try {
      Deno.listen({ hostname, port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
