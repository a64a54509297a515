import assert from "node:assert/strict";
import { join } from "node:path";
import { stringify } from "yaml";
import { exec, execOk } from "../common/exec.ts";
import { runFolders } from "../harness/run/folder.ts";
import { isRoot } from "../local/host/host.ts";
import { makeRecipe } from "./fixture_recipe.ts";
import { HARNESS, janitor, runRecipe } from "./harness_cli.ts";
import { type Bench, onTheStack, stage } from "./on_the_stack.ts";
import { faultyRegistry } from "./testing/faulty_registry.ts";
import { Registry, USER } from "./testing/registry.ts";

/** The image that the quick recipe runs, put into a registry with one more label, so that its digest is new. */
async function push(image: string, { label, config }: { label: string; config: string }): Promise<void> {
  const context = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(context, "Dockerfile"), `FROM nginx:1.22.1\nLABEL of-test=${label}\n`);
    await execOk(["docker", "build", "--quiet", "--tag", image, context], { timeoutMs: 120_000 });
    await execOk(["docker", "--config", config, "push", "--quiet", image], { timeoutMs: 120_000 });
    await execOk(["docker", "rmi", "--force", image]);
  } finally {
    await Deno.remove(context, { recursive: true });
  }
}

/** Settings of Docker's client with a log-in, as `docker login` leaves them. */
async function loggedIn(folder: string, registry: string): Promise<string> {
  const config = join(folder, "docker");
  await Deno.mkdir(config);
  const auth = btoa(`${USER.name}:${USER.password}`);
  await Deno.writeTextFile(join(config, "config.json"), JSON.stringify({ auths: { [registry]: { auth } } }));
  return config;
}

/** Lets an operator permit the registries, since no recipe may name an address. */
async function permit(folder: string, registries: string[]): Promise<string> {
  const recipes = join(folder, "recipes");
  await Deno.mkdir(join(recipes, "quick"), { recursive: true });
  const exceptions = ["127.0.0.1", ...registries].map((subject) => `confine.image=${subject}`);
  await Deno.writeTextFile(
    join(recipes, "quick", "recipe.yml"),
    stringify({ repo: "recipes/quick", exceptions }),
  );
  return recipes;
}

async function withRegistry(
  bench: Bench,
  work: (at: { registry: Registry; config: string; image: string }) => Promise<void>,
): Promise<void> {
  await using registry = await Registry.start({ folder: bench.folder, login: true });
  const image = `${registry.host}/quick/nginx:1`;
  const config = await loggedIn(bench.folder, registry.host);
  try {
    await work({ registry, config, image });
  } finally {
    await exec(["docker", "rmi", "--force", image]);
  }
}

if (isRoot()) {
  onTheStack(
    "a run pulls with the host's log-in, which nothing shows, and tells a tag that has changed since a run that passed",
    (bench) =>
      withRegistry(bench, async ({ registry, config, image }) => {
        const { stack, folder, runs } = bench;
        const env = { DOCKER_CONFIG: config, CCCI_RECIPES: await permit(folder, [registry.host]) };
        const run = async (name: string, changes: Record<string, unknown>) => {
          const path = await makeRecipe(join(folder, name, "quick"), {
            versions: [],
            compose: ({ services: { app } }) => void Object.assign(app ?? {}, { image, ...changes }),
          });
          return await runRecipe(stack, { runs, env, args: [path, "--only", "install"] });
        };
        await push(image, { label: "one", config });
        const green = await run("green", {});
        assert.equal(green.result?.result, "passed", green.stderr);
        const [pull] = green.result?.pulls ?? [];
        assert.deepEqual([pull?.image, pull?.from], [image, "registry"]);
        assert.match(pull?.digest ?? "", /^sha256:/);
        assert.match(stage(green, "images")?.proofs.join() ?? "", /^1 image from registries, /);

        const auth = btoa(`${USER.name}:${USER.password}`);
        for (const secret of [USER.password, auth]) {
          const found = await exec([
            "grep",
            "--recursive",
            "--files-with-matches",
            "--fixed-strings",
            secret,
            runs,
          ]);
          assert.equal(found.stdout, "", "a run has written down the log-in");
        }

        const listed = await janitor(bench, { args: ["--dry-run"], env: { CCCI_IMAGES_ABOVE: "0" } });
        assert.equal(listed.code, 0, listed.stderr);
        assert.match(
          listed.stdout,
          /is full to \d+ % .*\n- "[\d.]+:\d+\/quick\/nginx:1" \([\d.]+ MB\), last used /,
        );
        assert.match(listed.stdout, /Would remove up to 1 image for want of room/);
        const plenty = await janitor(bench, { args: ["--dry-run"] });
        assert.doesNotMatch(plenty.stdout, /image/, "the disk is not full");

        await push(image, { label: "two", config });
        const failed = await run("failed", {
          healthcheck: { test: ["CMD", "false"], interval: "1s", retries: 1 },
        });
        assert.equal(stage(failed, "install")?.result, "failed", failed.stderr);
        assert.match(
          stage(failed, "images")?.notes.join() ?? "",
          /is not what it was in the last run that passed/,
        );
        assert.match(stage(failed, "install")?.detail ?? "", /Likely cause: .*is not what it was/);
      }),
  );

  onTheStack("abra deploys by the digest that the run has found", async (bench) => {
    await using registry = await Registry.start({ folder: bench.folder });
    const { stack, folder, runs } = bench;
    const image = `${registry.host}/quick/nginx:1`;
    const env = { CCCI_RECIPES: await permit(folder, [registry.host]) };
    await push(image, { label: "plain", config: folder });
    const path = await makeRecipe(join(folder, "quick"), {
      versions: [],
      compose: ({ services: { app } }) => void Object.assign(app ?? {}, { image }),
    });
    try {
      const args = [path, "--only", "install", "--keep"];
      const ended = await runRecipe(stack, { runs, env, args });
      assert.equal(ended.result?.result, "passed", ended.stderr);
      const folders = await runFolders(runs);
      const app = (await folders[0]?.plan())?.apps.find(({ lane }) => lane === "install");
      const format = "{{.Spec.TaskTemplate.ContainerSpec.Image}}";
      const { stdout } = await execOk([
        "docker",
        "service",
        "inspect",
        "--format",
        format,
        `${app?.stack}_app`,
      ]);
      assert.equal(stdout.trim(), `${image}@${ended.result.pulls?.[0]?.digest}`);
      const remove = [...HARNESS, "remove"];
      await execOk([...remove, folders[0]?.path ?? ""], {
        env: { ...stack.env, CCCI_RUNS: runs },
        timeoutMs: 120_000,
      });
    } finally {
      await exec(["docker", "rmi", "--force", image]);
    }
  });

  onTheStack(
    "an image that is not there is the recipe's, and a limit the host's, with the time at which to try again",
    async ({ stack, folder, runs }) => {
      await using faulty = faultyRegistry();
      const env = { CCCI_RECIPES: await permit(folder, [faulty.host]) };
      const run = async (image: string) => {
        const name = image.replace(/\W/g, "-");
        const path = await makeRecipe(join(folder, name, "quick"), {
          versions: [],
          compose: ({ services: { app } }) =>
            void Object.assign(app ?? {}, { image: `${faulty.host}/${image}` }),
        });
        return await runRecipe(stack, { runs: join(runs, name), env, args: [path, "--only", "install"] });
      };
      const missing = await run("sound:nothing");
      assert.deepEqual([missing.result?.result, missing.result?.stage], ["failed", "images"], missing.stderr);
      assert.match(missing.result?.cause ?? "", /^There is no image "127\.0\.0\.1:\d+\/sound:nothing" at /);

      const limited = await run("hub-limit");
      assert.deepEqual([limited.result?.result, limited.result?.stage], ["infra", "images"], limited.stderr);
      assert.match(limited.result?.cause ?? "", /limits how much this host may pull/);
      const wait = Date.parse(limited.result?.retryAt ?? "") - Date.parse(limited.result?.finishedAt ?? "");
      assert.ok(wait > 3_000_000 && wait <= 3_600_000, `${wait} ms`);
      assert.equal(stage(limited, "install")?.result, "blocked");
    },
  );
}
