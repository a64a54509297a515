import { join } from "node:path";
import { startBroker } from "../broker.ts";
import type { BrokerOptions } from "../broker_types.ts";

/** A broker for tests of an app with one service, `app`, in a folder of its own. */
export async function brokerOfApp(changes: Partial<BrokerOptions>) {
  const folder = await Deno.makeTempDir({ prefix: "ccci-test-" });
  const broker = await startBroker(join(folder, "kit.sock"), {
    app: {
      recipe: "r",
      domain: "app.ci.test",
      domains: {},
      url: "https://app.ci.test",
      stage: "install",
      version: "1",
      marker: "m4rk",
    },
    domains: ["app.ci.test"],
    ingress: { address: "127.0.0.1:1" },
    services: ["app"],
    screenshotsDir: folder,
    ...changes,
  });
  return {
    socketPath: broker.socketPath,
    async [Symbol.asyncDispose]() {
      await broker[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

export interface Answer {
  ok: boolean;
  value?: unknown;
  error?: { code: string; message: string };
}

/** A call as the kit makes it, or any other line. */
export async function callBroker(socketPath: string, line: unknown): Promise<Answer> {
  const connection = await Deno.connect({ transport: "unix", path: socketPath });
  await connection.write(
    new TextEncoder().encode(typeof line === "string" ? line : `${JSON.stringify(line)}\n`),
  );
  return JSON.parse(await new Response(connection.readable).text());
}
