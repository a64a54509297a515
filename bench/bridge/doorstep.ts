/** Stands between a forge and the bridge and passes its deliveries on. */
export class Doorstep implements AsyncDisposable {
  readonly url: string;
  /** When each delivery arrived, milliseconds since the epoch. */
  readonly arrivals: number[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /**
   * @param hostname where the forge reaches it
   * @param to the bridge's address for deliveries
   */
  constructor(hostname: string, to: string) {
    this.#server = Deno.serve({ hostname, port: 0, onListen() {} }, async (request) => {
      this.arrivals.push(Date.now());
      const { headers } = request;
      const answer = await fetch(to, { method: "POST", headers, body: await request.arrayBuffer() });
      await answer.body?.cancel();
      return new Response(null, { status: answer.status });
    });
    this.url = `http://${hostname}:${this.#server.addr.port}/`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.shutdown();
  }
}
