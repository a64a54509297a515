import assert from "node:assert/strict";
import * as z from "zod";
import { selfCheck } from "../bridge/service/self_check.ts";
import { giteaForge } from "../bridge/forge/gitea.ts";
import { FakeEngine } from "../bridge/testing/fake_engine.ts";
import { systemClock } from "../common/time.ts";
import type { Account } from "../local/host/accounts.ts";
import { expectStatus, forgeApi } from "../local/gitea/api.ts";
import { ORG } from "../local/gitea/seed.ts";
import { silentProgress } from "../local/host/progress.ts";
import { seedRecipe } from "../local/stack/seed_recipe.ts";
import { ensureStack, type Stack } from "../local/stack/stack.ts";
import { stackFetch } from "./harness_cli.ts";
import { onRealServices } from "./scene.ts";

const RECIPE = "custom-html";
const enough = ["read:organization", "read:repository", "write:issue"];
const madeToken = z.object({ id: z.number(), sha1: z.string() });

/** What the bridge's check finds with a token of this account that has these scopes. */
async function findings(stack: Stack, { account, scopes }: { account: Account; scopes: string[] }) {
  const call = forgeApi(stack.gateway, account);
  const path = `/users/${account.name}/tokens`;
  const made = await call("POST", path, { name: `check-${crypto.randomUUID()}`, scopes });
  const { id, sha1 } = madeToken.parse(expectStatus(made, "make a token", 201));
  try {
    const url = stack.urls.forge;
    const found = await selfCheck({
      ...{ org: ORG, forgeUrl: url, clock: systemClock, engine: new FakeEngine() },
      forge: giteaForge({ url, token: sha1, fetch: await stackFetch(stack) }),
      enrolments: {
        recipes: new Map([[`${ORG}/${RECIPE}`, RECIPE]]),
        owners: [ORG],
        mistakes: new Map(),
        shown: new Set([RECIPE]),
        problems: [],
      },
    });
    return found.map(({ kind, text }) => `${kind}: ${text}`);
  } finally {
    expectStatus(await call("DELETE", `${path}/${id}`), "remove the token", 204);
  }
}

onRealServices(
  "the bridge's check names the forge, each scope that a token lacks, and an account outside of the organisation",
  async () => {
    const stack = await ensureStack({ progress: silentProgress });
    await seedRecipe(stack, RECIPE);
    const { bot, outsider } = stack.accounts;
    const good = await findings(stack, { account: bot, scopes: enough });
    assert.equal(good.length, 1, good.join("\n"));
    assert.match(good[0] ?? "", /^fact: Gitea 1\.\d+\.\d+/);
    for (const missing of enough) {
      const scopes = enough.filter((scope) => scope !== missing);
      const [, ...found] = await findings(stack, { account: bot, scopes });
      assert.equal(found.length, 1, found.join("\n"));
      assert.ok(
        found[0]?.startsWith(`wrong: The forge's token lacks a scope, probably "${missing}"`),
        found[0],
      );
    }
    const [, ...outside] = await findings(stack, { account: outsider, scopes: enough });
    assert.equal(outside.length, 1, outside.join("\n"));
    assert.match(outside[0] ?? "", /^wrong: The bridge's account is not in "recipe-maintainers"/);
  },
);
