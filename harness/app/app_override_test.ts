import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../common/time.ts";
import { execOk } from "../../common/exec.ts";
import { defaultEnrolment } from "../../enrolment/enrolment.ts";
import { fetchRecipe } from "../recipe/repo.ts";
import { Redactor } from "../run/redact.ts";
import { readSettings } from "../run/settings.ts";
import type { StageContext } from "../run/stage.ts";
import { Swarm } from "../swarm/swarm.ts";
import { App } from "./app.ts";
import type { Override } from "./override.ts";

const DOMAIN = "wiki-00000a.ci.test";
const STACK = "wiki-00000a_ci_test";

/** What abra finds when it is called: the call, the checkout's files that git does not know, and COMPOSE_FILE. */
const abra = `#!/bin/sh
cd "$ABRA_DIR/recipes/wiki" || exit 9
env="$ABRA_DIR/servers/default/${DOMAIN}.env"
if [ "$2" = new ]; then mkdir -p "$ABRA_DIR/servers/default"; cp .env.sample "$env"; fi
echo "$1 $2 $4 $5 | $(git status --porcelain) | $(git log -1 --format=%s) | $(grep COMPOSE_FILE "$env")" >> "$ABRA_DIR/calls"
`;

const over = (text: string): Override => ({ text, applied: [], told: [], repaired: [] });

Deno.test("abra makes an app of a checkout as it was published, and deploys it with what recipe.yml lays over it", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const path = join(folder, "wiki");
  const git = (...args: string[]) =>
    execOk(["git", "-C", path, "-c", "user.name=a", "-c", "user.email=a@b", ...args], {
      env: { GIT_CONFIG_GLOBAL: "/dev/null" },
    });
  try {
    await Deno.mkdir(path);
    await git("init", "--quiet", "--initial-branch=main");
    await Deno.writeTextFile(join(path, ".env.sample"), "TYPE=wiki\nDOMAIN=wiki.example.com\n");
    await Deno.writeTextFile(join(path, "compose.yml"), 'services: { app: { image: "nginx:1.22.1" } }\n');
    await git("add", "--all");
    await git("commit", "--quiet", "--message", "published");
    await git("tag", "--annotate", "1.0.0+1", "--message", "x");
    await git("commit", "--quiet", "--allow-empty", "--message", "head");
    await Deno.writeTextFile(join(folder, "abra"), abra, { mode: 0o755 });
    const env: Record<string, string> = {
      CCCI_BASE_DOMAIN: "ci.test",
      CCCI_RUNS: join(folder, "runs"),
      CCCI_ABRA: join(folder, "abra"),
    };
    const settings = readSettings((name) => env[name]);
    const { signal } = new AbortController();
    const repo = await fetchRecipe({ kind: "path", path, revision: null }, {
      recipe: "wiki",
      subject: { kind: "worktree", path },
      settings,
      log: () => {},
      signal,
    });
    const swarm = new Swarm("/nowhere");
    swarm.ask = ((_: string, __: unknown, shape: { parse(value: unknown): unknown }) => {
      const parsed = [[], { Volumes: [] }].map((value) => {
        try {
          return shape.parse(value);
        } catch {
          return null;
        }
      });
      return Promise.resolve(parsed.find((value) => value !== null)); // nothing is there
    }) as typeof swarm.ask;
    const abraDir = join(folder, "abra-dir");
    const overrides: Record<"head" | "base", Override | null> = { base: over("ours: base\n"), head: null };
    const app = new App({
      plan: { domain: DOMAIN, stack: STACK, abraDir },
      recipe: "wiki",
      repo,
      enrolment: defaultEnrolment("wiki"),
      settings,
      swarm,
      redactor: new Redactor(),
      server: Promise.resolve([]),
      override: (at) => overrides[at],
      obtained: [],
      noteVolumes: () => {},
      notePublished: () => {},
    });
    const ctx = {
      clock: systemClock,
      signal,
      remaining: () => 60_000,
      log: () => {},
      note: () => {},
    } as unknown as StageContext;
    const [base] = repo.published;
    assert.ok(base !== undefined);
    const checked = { compose: { env: {} }, model: {}, root: path } as never;
    await app.create(ctx, base);
    await app.deploy(ctx, { at: base, checked });
    assert.equal(await Deno.readTextFile(join(app.checkout, "cc-ci.override.yml")), "ours: base\n");
    await app.adoptNewSettings(ctx);
    await app.deploy(ctx, { at: "head", checked });
    overrides.head = over("ours: head\n");
    await app.adoptNewSettings(ctx);
    await app.deploy(ctx, { at: "head", checked });
    const calls = (await Deno.readTextFile(join(abraDir, "calls"))).trim().split("\n");
    const on = "COMPOSE_FILE=compose.yml:cc-ci.override.yml";
    assert.deepEqual(calls, [
      "app new 1.0.0+1 -s |  | published | ",
      `app deploy -n -o | ?? cc-ci.override.yml | published | ${on}`,
      "app deploy -n -o |  | head | COMPOSE_FILE=compose.yml",
      `app deploy -n -o | ?? cc-ci.override.yml | head | ${on}`,
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
