import assert from "node:assert/strict";
import { join } from "node:path";
import { exec } from "../common/exec.ts";
import { pollUntil } from "../common/time.ts";
import { findDockerClient } from "../common/docker_client.ts";
import { confine } from "../harness/confinement/confinement.ts";
import { type Checked, requireChecked } from "../harness/confinement/engine/mod.ts";
import { loadCompose } from "../harness/recipe/compose.ts";
import { StageFailure } from "../harness/run/stage.ts";
import { Swarm } from "../harness/swarm/swarm.ts";
import { makeRecipe } from "./fixture_recipe.ts";
import { runRecipe } from "./harness_cli.ts";
import { type Bench, onTheStack, stage } from "./on_the_stack.ts";
import { type SurplusKind, surplusKinds } from "./surplus_kinds.ts";

const SOCKET = "/var/run/docker.sock";

/** A recipe with something of everything, none of which is started: no node has the label. */
const compose = `services:
  app:
    image: nginx:1.22.1
    networks: [proxy, inner]
    volumes: [content:/content]
    configs: [conf]
    cap_drop: [NET_RAW]
    read_only: true
    logging: {driver: json-file, options: {max-size: 10m}}
    deploy:
      resources: {limits: {memory: 100M}}
      placement: {constraints: [node.labels.none==1]}
networks:
  proxy: {external: true}
  inner: {internal: true}
volumes:
  content:
configs:
  conf: {name: "\${STACK_NAME}_conf", file: ./conf}
`;

onTheStack("whatever Docker holds of an app beyond what was checked is found", async ({ folder }) => {
  const client = await findDockerClient();
  assert.ok(client !== null, "no docker client here has `stack config`");
  await Deno.writeTextFile(join(folder, "compose.yml"), compose);
  await Deno.writeTextFile(join(folder, "conf"), "content\n");
  const results = await Promise.all(
    surplusKinds.map((kind, number) => found(kind, { folder, client, number })),
  );
  const wrong = results.filter(({ wrong }) => wrong !== null);
  const rows = results.map(({ kind, said, wrong }) =>
    `${wrong === null ? "✓" : "✗"} ${kind.what}: ${said}\n`
  );
  Deno.stdout.writeSync(new TextEncoder().encode(`\n${rows.join("")}`));
  assert.deepEqual(wrong.map(({ kind, wrong }) => `${kind.what}: ${wrong}`), []);
});

/** Deploys the recipe as a stack of its own, with a surplus of this kind, and asks whether all is as checked. */
async function found(
  kind: SurplusKind,
  { folder, client, number }: { folder: string; client: string; number: number },
): Promise<{ kind: SurplusKind; said: string; wrong: string | null }> {
  const stack = `surplus-${number}_ci_test`;
  const checked = await check(folder, { stack, client });
  const swarm = new Swarm(SOCKET);
  const shell = (commands: string) =>
    exec(["sh", "-c", commands], { env: { S: stack, D: client }, timeoutMs: 60_000 });
  const demand = async (failed: boolean) => {
    try {
      await requireChecked(swarm, { stack, checkout: folder, checked: [checked], settings: {}, failed });
      return "";
    } catch (error) {
      if (error instanceof StageFailure) return error.detail ?? error.message;
      throw error;
    }
  };
  const deploy = [
    "stack",
    "deploy",
    "--resolve-image=never",
    "--detach=true",
    "-c",
    join(folder, "compose.yml"),
  ];
  try {
    if (kind.before) await shell(kind.commands);
    const deployed = await exec([client, ...deploy, stack], { env: checked.compose.env, timeoutMs: 60_000 });
    if (!kind.before) {
      const atFirst = await demand(false);
      if (atFirst !== "") return { kind, said: atFirst, wrong: "is found before anything was added" };
      const added = await pollUntil(async () => {
        const result = await shell(kind.commands);
        // Swarm itself may have changed the service since the client read it.
        return /update out of sequence/.test(result.stderr) ? { missing: result.stderr } : { done: result };
      }, { everyMs: 100, limit: { ms: 20_000, error: (missing) => new Error(missing) } });
      if (!added.success) return { kind, said: added.stderr, wrong: "could not be added" };
    }
    const said = await demand(!deployed.success);
    const services = (await swarm.services(stack)).length;
    const wrong = !kind.says.test(said)
      ? `says ${said === "" ? "nothing" : said}`
      : services > 0
      ? "is not taken down"
      : null;
    return { kind, said, wrong };
  } finally {
    for (let left = await swarm.objects(stack); left.length > 0; left = await swarm.objects(stack)) {
      for (const one of left) await swarm.remove(one).catch(() => {}); // a network may be in use for a moment
    }
    if (kind.after !== undefined) await shell(kind.after);
  }
}

async function check(folder: string, { stack, client }: { stack: string; client: string }): Promise<Checked> {
  const env = { STACK_NAME: stack, DOMAIN: "surplus.ci.test" };
  const read = await loadCompose(folder, env);
  assert.ok(read.ok, "the recipe parses");
  const confined = await confine(read, { checkout: folder, stack, domains: [env.DOMAIN], client });
  assert.ok(confined.model !== null, JSON.stringify(confined.findings));
  return { compose: read, root: await Deno.realPath(folder), model: confined.model };
}

/** An abra that does what the real one does and, after a deploy, something more. */
async function abraThat(bench: Bench, commands: string): Promise<string> {
  const path = join(bench.folder, "abra");
  const real = bench.stack.env.CCCI_ABRA ?? "abra";
  const script = `#!/bin/sh
'${real}' "$@"
code=$?
if [ "$1 $2" = "app deploy" ]; then
  S=$(printf %s "$3" | tr . _) D=docker
  { ${commands}; } >&2
fi
exit $code
`;
  await Deno.writeTextFile(path, script, { mode: 0o755 });
  return path;
}

for (
  const { what, commands, args, where, says } of [
    {
      what: "an app that gets a folder of the host behind our back",
      commands: '$D service update --quiet --detach --mount-add type=bind,source=/etc,target=/host $S"_app"',
      args: ["--only", "install"],
      where: "install",
      says: /^Confinement: Docker holds service "app" with "ContainerSpec\.Mounts\.\/host"/,
    },
    {
      what: "an upgrade that brings a service nobody checked",
      commands: 'case "$*" in *-C*) $D service create -q -d --name $S"_more" nginx:1.22.1;; esac',
      args: ["--only", "upgrade"],
      where: "upgrade",
      says: /^Confinement: Docker holds a service "more" that is in no checked compose file/,
    },
    {
      what: "a published version that is deployed with a capability",
      commands: 'case "$*" in *-C*) ;; *) $D service update -q -d --cap-add SYS_ADMIN $S"_app";; esac',
      args: ["--only", "upgrade"],
      where: "upgrade",
      says: /^Confinement: Docker holds service "app" with "ContainerSpec\.CapabilityAdd/,
    },
  ]
) {
  onTheStack(`${what} ends at once, and nothing of it is left`, async (bench) => {
    const path = await makeRecipe(join(bench.folder, "quick"));
    const ended = await runRecipe(bench.stack, {
      runs: bench.runs,
      args: [path, ...args],
      env: { CCCI_ABRA: await abraThat(bench, commands) },
    });
    assert.equal(ended.result?.result, "failed", ended.stderr);
    assert.equal(ended.result.stage, where);
    assert.match(ended.result.cause ?? "", says);
    assert.match(stage(ended, where)?.detail ?? "", /\[confine\.engine\]/);
    assert.equal(stage(ended, "teardown")?.result, "passed");
    assert.match(ended.stderr, /Confinement: Docker holds/);
  });
}
