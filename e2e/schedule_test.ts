import assert from "node:assert/strict";
import * as z from "zod";
import { waitFor } from "../common/time.ts";
import { expectStatus, forgeApi } from "../local/gitea/api.ts";
import { ORG } from "../local/gitea/seed.ts";
import { ensureImages } from "../local/images/mod.ts";
import { silentProgress } from "../local/host/progress.ts";
import { seedRecipe } from "../local/stack/seed_recipe.ts";
import { ensureStack, type Stack } from "../local/stack/stack.ts";
import { runList, statusView } from "../protocol/dashboard_api.ts";
import { stackFetch } from "./harness_cli.ts";
import { onRealServices } from "./scene.ts";

const RECIPE = "custom-html";
const REPO = `${ORG}/${RECIPE}`;
const VERDICT_MS = 15 * 60_000;

const commitMade = z.object({ commit: z.object({ sha: z.string() }) });
const statuses = z.object({
  statuses: z.array(z.object({ context: z.string(), status: z.string(), target_url: z.string() })).nullable(),
});

/** A commit to the default branch as the maintainer makes it on the forge. */
async function commitToMain(stack: Stack): Promise<string> {
  const asMaintainer = forgeApi(stack.gateway, stack.accounts.maintainer);
  const made = await asMaintainer("POST", `/repos/${REPO}/contents/notes/${crypto.randomUUID()}.md`, {
    branch: "main",
    message: "A note",
    content: btoa("Nothing that is deployed.\n"),
  });
  return commitMade.parse(expectStatus(made, "commit to the default branch", 201)).commit.sha;
}

onRealServices(
  "a commit to an enrolled default branch is tested once, unasked, and shows how that went",
  async () => {
    const stack = await ensureStack({ progress: silentProgress, schedule: true });
    try {
      const { cache, engineIsOurs } = stack;
      await ensureImages(RECIPE, { progress: silentProgress, cache, engineIsOurs });
      await seedRecipe(stack, RECIPE);
      const fetch = await stackFetch(stack);
      const list = async () => {
        const response = await fetch(`${stack.urls.dashboard}/api/runs?recipe=${RECIPE}&limit=10`);
        return runList.parse(await response.json()).runs;
      };
      const commit = await commitToMain(stack);
      const run = await waitFor(async () => {
        const found = (await list()).find((one) => one.commit === commit);
        return found?.finishedAt ? found : undefined;
      }, { what: "the run of the commit to end", timeoutMs: VERDICT_MS });
      assert.equal(run.state, "passed");
      assert.deepEqual(run.subject, { kind: "branch", name: "main", src: REPO });
      assert.equal((await list()).filter((one) => one.commit === commit).length, 1);
      const { hosts } = statusView.parse(await (await fetch(`${stack.urls.dashboard}/api/status`)).json());
      const { floor, abra, certificateEnds = "" } = hosts[0]?.report ?? {};
      assert.deepEqual([typeof floor, abra?.tested], ["boolean", true], "the run has looked at its host");
      assert.ok(Date.parse(certificateEnds) > Date.now(), `the certificate of the apps: ${certificateEnds}`);
      const shown = await waitFor(async () => {
        const answer = await forgeApi(stack.gateway, stack.accounts.outsider)(
          "GET",
          `/repos/${REPO}/commits/${commit}/status`,
        );
        const own = statuses.parse(answer.body).statuses?.find(({ context }) => context === "cc-ci");
        return own?.status === "pending" ? undefined : own;
      }, { what: "the commit's status", timeoutMs: 180_000 });
      assert.deepEqual(shown, { context: "cc-ci", status: "success", target_url: run.url });
    } finally {
      await ensureStack({ progress: silentProgress, schedule: false });
    }
  },
);
