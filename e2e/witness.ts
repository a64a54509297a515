import { join } from "node:path";
import { runCommand, runCommandOk } from "../common/command.ts";
import { waitFor } from "../common/time.ts";
import { stringify } from "yaml";

/** Like a stack of ours and none of ours: it lacks the hash. */
const STACK = "witness_ci_localhost";

/**
 * Deploys somebody else's stack on the same host: a service with a volume that no test may touch. Disposing it checks
 * that nothing of it has changed.
 */
export async function deployWitness(): Promise<AsyncDisposable> {
  // Test files that run side by side share one process, so that its number would not tell their witnesses apart.
  const stack = `${STACK}${crypto.randomUUID().slice(0, 8)}`;
  const folder = await Deno.makeTempDir({ prefix: "cc-ci-witness-" });
  const file = join(folder, "compose.yml");
  const compose = {
    version: "3.8",
    services: { app: { image: "nginx:1.22.1", volumes: ["data:/usr/share/nginx/html"] } },
    volumes: { data: null },
  };
  await Deno.writeTextFile(file, stringify(compose));
  const docker = (...args: string[]) => runCommandOk(["docker", ...args]);
  await docker("stack", "deploy", "--resolve-image", "never", "-c", file, stack);
  const list = async (...args: string[]) =>
    (await docker(...args)).stdout.split("\n").filter((line) => line !== "");
  const containers = async () =>
    (await list("ps", "-q", "--filter", `label=com.docker.stack.namespace=${stack}`)).join(" ");
  await waitFor(async () => await containers() !== "", { what: "the witness stack", timeoutMs: 120_000 });
  const first = await containers();
  return {
    async [Symbol.asyncDispose]() {
      const last = await containers();
      // Swarm may still start a task while its service goes, so that one look at the containers is not enough; and it
      // refuses to remove the network for as long as it has not yet taken notice that the service is gone.
      await waitFor(async () => {
        await runCommand(["docker", "stack", "rm", stack]);
        const left = await list("ps", "-aq", "--filter", `label=com.docker.stack.namespace=${stack}`);
        if (left.length > 0) await runCommand(["docker", "rm", "-f", ...left]);
        await runCommand(["docker", "volume", "rm", `${stack}_data`]);
        const name = `name=${stack}_`;
        const rest = [
          await list("service", "ls", "-q", "--filter", name),
          await list("ps", "-aq", "--filter", `label=com.docker.stack.namespace=${stack}`),
          await list("volume", "ls", "-q", "--filter", name),
          await list("network", "ls", "-q", "--filter", name),
        ];
        return rest.flat().length === 0;
      }, { what: "the witness stack to go", timeoutMs: 300_000 });
      await Deno.remove(folder, { recursive: true });
      if (last !== first) throw new Error("The witness stack did not stay what it was");
    },
  };
}
