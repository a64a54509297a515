import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { engineConfiguration } from "../../harness/floor/engine.ts";
import { parseSettings } from "../../host/settings.ts";
import { lacking } from "./machine.ts";

const settings = parseSettings({
  domain: "ci.example.org",
  forge: { url: "https://git.example.org", org: "recipe-maintainers" },
});
const PREFIX = "/opt/cc-ci";

async function someMachine(programs: readonly string[]) {
  const root = await Deno.makeTempDir({ prefix: "cc-ci-machine-" });
  const find = (name: string) => Promise.resolve(programs.includes(name) ? `/usr/bin/${name}` : undefined);
  const write = async (path: string, text: string) => {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, text, { mode: 0o755 });
  };
  return {
    ...{ root, write },
    lacks: ({ builds = false } = {}) => lacking(settings, { prefix: PREFIX, builds, root, find }),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

function packages(lacks: readonly string[]): string[] {
  const line = lacks.find((one) => one.startsWith("Programs are missing"));
  return /"apt-get install ([^"]*)"/.exec(line ?? "")?.[1]?.split(" ") ?? [];
}

Deno.test("what Debian's smallest lacks is named by its packages, and Go only where something has to be built", async () => {
  await using bare = await someMachine([]);
  assert.deepEqual(packages(await bare.lacks({ builds: true })), [
    ...["git", "openssl", "chromium-headless-shell", "libnss3-tools", "iptables", "iproute2", "util-linux"],
    ...["procps", "golang"],
  ]);
  assert.ok(!packages(await bare.lacks()).includes("golang"));
  await using other = await someMachine(["go"]);
  assert.ok(!packages(await other.lacks({ builds: true })).includes("golang"));
});

Deno.test("a runtime that Docker takes for all containers is asked whether it is the floor", async () => {
  await using at = await someMachine([]);
  const told = async (path: string | null) => {
    const configuration = path === null ? {} : engineConfiguration(path);
    await at.write(join(at.root, "etc/docker/daemon.json"), JSON.stringify(configuration));
    return (await at.lacks()).find((line) => line.startsWith("Docker would give")) ?? null;
  };
  assert.match(await told(null) ?? "", /^Docker would give containers of runs no limits\. Put this into /);
  assert.equal(await told(join(PREFIX, "programs/floor/runtime.sh")), null, "the installation brings it");
  const another = join(at.root, "runtime");
  assert.match(
    await told(another) ?? "",
    /no limits: .*"\S*\/runtime", which cannot be started from here\. Put/,
  );
  await at.write(another, "#!/bin/sh\nexec true\n");
  assert.match(await told(another) ?? "", /no limits: .*"\S*\/runtime", which gives them no limits\. Put/);
  await at.write(another, `#!/bin/sh\n[ "$1" = --ccci-floor ] && echo '{"floor":2}'\n`);
  assert.equal(await told(another), null);
});
