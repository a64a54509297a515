import { join } from "node:path";
import { exec, execOk } from "../common/exec.ts";
import { waitFor } from "../common/time.ts";
import { stringify } from "yaml";

/** Like a stack of ours and none of ours: it lacks the hash. */
const STACK = "witness_ci_localhost";

/**
 * Somebody else's stack on the same host: a service with a volume that no test may touch. That it stayed what it was
 * is looked up at the end.
 */
export async function deployWitness(): Promise<AsyncDisposable> {
  const stack = `${STACK}${Deno.pid}`;
  const folder = await Deno.makeTempDir({ prefix: "cc-ci-witness-" });
  const file = join(folder, "compose.yml");
  const compose = {
    version: "3.8",
    services: { app: { image: "nginx:1.22.1", volumes: ["data:/usr/share/nginx/html"] } },
    volumes: { data: null },
  };
  await Deno.writeTextFile(file, stringify(compose));
  const docker = (...args: string[]) => execOk(["docker", ...args]);
  await docker("stack", "deploy", "--resolve-image", "never", "-c", file, stack);
  const containers = async () =>
    (await docker("ps", "-q", "--filter", `label=com.docker.stack.namespace=${stack}`)).stdout.trim();
  await waitFor(async () => await containers() !== "", { what: "the witness stack", timeoutMs: 30_000 });
  const first = await containers();
  return {
    async [Symbol.asyncDispose]() {
      const last = await containers();
      await docker("stack", "rm", stack);
      await exec(["docker", "rm", "-fv", ...last.split("\n")]);
      await waitFor(async () => (await exec(["docker", "volume", "rm", `${stack}_data`])).success, {
        what: "the witness' volume to go",
        timeoutMs: 30_000,
      });
      await waitFor(async () => {
        const { stdout } = await docker("network", "ls", "-q", "--filter", `name=${stack}_`);
        return stdout.trim() === "";
      }, { what: "the witness' network to go", timeoutMs: 30_000 });
      await Deno.remove(folder, { recursive: true });
      if (last !== first) throw new Error("The witness stack did not stay what it was");
    },
  };
}
