import { deepEqual } from "node:assert/strict";
import { join } from "node:path";
import { findDockerClient } from "../../common/docker_client.ts";
import { loadCompose } from "../recipe/compose.ts";
import { app, fixtureEnv as env } from "./testing/mod.ts";
import { checkOverlays } from "./overlays.ts";

const client = await findDockerClient();

/** A client that notes down which of these variables it gets, and gives Docker's answer. */
const noting = (real: string, note: string) =>
  `#!/bin/sh\nprintenv PATH ENV LD_LIBRARY_PATH DOCKER_HOST PORT >> ${note}\nexec ${real} "$@"\n`;

Deno.test({
  name: "a commented setting of a sample reaches Docker's client, unless programs do something else by it",
  ignore: client === null,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const checkout = join(folder, "recipe");
      const note = join(folder, "note");
      await Deno.mkdir(checkout);
      await Deno.writeTextFile(join(folder, "docker"), noting(client ?? "", note), { mode: 0o755 });
      await Deno.writeTextFile(join(checkout, "compose.yml"), app("tty: true"));
      await Deno.writeTextFile(join(checkout, "compose.smtp.yml"), app("environment: ['PORT=${PORT}']"));
      await Deno.writeTextFile(
        join(checkout, ".env.sample"),
        "#PORT=25\n# LD_LIBRARY_PATH=/x\n#ENV=/x\n#DOCKER_HOST=tcp://x\n",
      );
      const compose = await loadCompose(checkout, env);
      if (!compose.ok) throw new Error(compose.message);
      const options = { checkout, stack: env.STACK_NAME, domains: [env.DOMAIN] };
      deepEqual(await checkOverlays(compose, { ...options, client: join(folder, "docker") }), []);
      deepEqual([...new Set((await Deno.readTextFile(note)).trim().split("\n"))], ["25"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
