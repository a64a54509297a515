import assert from "node:assert/strict";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { FakeGitea } from "../testing/fake_gitea.ts";
import { commits, repo } from "../testing/world.ts";
import { isUnknown } from "./forge.ts";
import { giteaForge } from "./gitea.ts";
import { forgeVersion } from "./version.ts";

function scene() {
  const clock = new FakeClock();
  const gitea = new FakeGitea(clock, { forgejo: true });
  const forge = giteaForge({ url: "https://forge.example", token: "t", fetch: gitea.fetch, clock });
  return { gitea, forge, pull: gitea.openPull(repo, commits.first) };
}

Deno.test("a Forgejo is known by its version", async () => {
  const version = await scene().forge.version();
  assert.ok(version.ok);
  assert.deepEqual(forgeVersion(version.value), { name: "Forgejo", version: "15.0.3", tooOldFor: null });
});

Deno.test("a Forgejo's comments are read page by page, each once", async () => {
  const { gitea, forge, pull } = scene();
  for (let times = 0; times < 120; times++) gitea.say(pull, { user: "outsider", body: "Hello" });
  const read = await forge.repoComments({ repo, since: 0 });
  assert.ok(read.ok);
  assert.equal(new Set(read.value.map(({ id }) => id)).size, 120);
  assert.equal(read.value.length, 120);
  assert.equal(gitea.requests.length, 3);
});

Deno.test("a Forgejo's 404 is its own word: of a stranger, of a place that is gone, and of an owner it does not know", async () => {
  const { gitea, forge } = scene();
  const stranger = await forge.isMember({ org: gitea.org, login: "outsider" });
  assert.ok(stranger.ok && !stranger.value);
  const gone = await forge.pull({ repo, pr: 99 });
  assert.ok(!gone.ok && gone.status === 404);
  const unknown = await forge.touchedPulls({ owner: "nobody", since: 0 });
  assert.ok(!unknown.ok && isUnknown(unknown.status));
});
