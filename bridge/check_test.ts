import assert from "node:assert/strict";
import { selfCheck } from "./check.ts";
import { giteaForge } from "./forge/gitea.ts";
import { giteaStatuses } from "./forge/statuses.ts";
import { FakeClock } from "./testing/fake_clock.ts";
import { FakeEngine } from "./testing/fake_engine.ts";
import { FakeGitea, type Fault } from "./testing/fake_gitea.ts";
import { repo } from "./testing/world.ts";

function scene() {
  const clock = new FakeClock();
  const gitea = new FakeGitea(clock);
  const engine = new FakeEngine();
  const enrolments = {
    recipes: new Map([[repo, "custom-html"]]),
    owners: [gitea.org],
    problems: [] as string[],
  };
  const forge = giteaForge({ url: "https://forge.example", token: "token", fetch: gitea.fetch, clock });
  gitea.repos.push(repo, "a".repeat(40));
  const statuses = giteaStatuses({ url: "https://forge.example", token: "other", fetch: gitea.fetch, clock });
  const check = async (at = clock) =>
    (await selfCheck({
      forge,
      statuses,
      engine,
      clock: at,
      forgeUrl: "https://forge.example",
      org: gitea.org,
      enrolments,
    }))
      .map(({ kind, text }) => `${kind}: ${text}`);
  return { clock, gitea, engine, enrolments, check };
}

const on = (pattern: RegExp, response: () => Response): Fault => ({ method, path }) =>
  pattern.test(`${method} ${path}`) ? response() : undefined;
const refusal = (status: number, message = "") => () =>
  new Response(JSON.stringify({ message }), { status, headers: { "content-type": "application/json" } });

Deno.test("selfCheck() finds nothing where all is well, and changes nothing", async () => {
  const { gitea, check } = scene();
  assert.deepEqual(await check(), []);
  assert.deepEqual([gitea.comments, gitea.reactions, gitea.repos.statuses], [[], [], []]);
});

const cases: [string, (at: ReturnType<typeof scene>) => void, RegExp][] = [
  ["a forge that is away", ({ gitea }) => gitea.fault = () => "no answer", /^away: .*CCCI_FORGE_URL/],
  [
    "an unknown token",
    ({ gitea }) => gitea.fault = on(/members$/, refusal(401)),
    /^wrong: .*CCCI_FORGE_TOKEN/,
  ],
  [
    "a missing scope",
    ({ gitea }) => gitea.fault = on(/members$/, refusal(403)),
    /^wrong: .*"read:organization"/,
  ],
  [
    "a token that cannot write",
    ({ gitea }) =>
      gitea.fault = on(
        /^POST .*reactions/,
        refusal(403, "token does not have at least one of required scope(s)"),
      ),
    /^wrong: .*"write:issue"/,
  ],
  [
    "an account outside of the organisation",
    ({ gitea }) => gitea.fault = on(/members\/cc-ci-bot$/, () => new Response(null, { status: 303 })),
    /^wrong: .*"cc-ci-bot" is not in "recipe-maintainers"/,
  ],
  [
    "a token for statuses that cannot set any",
    ({ gitea }) => gitea.fault = on(/^POST .*statuses/, refusal(403, "required=[write:repository]")),
    /^warning: .*CCCI_STATUS_TOKEN.*"write:repository"/,
  ],
  ["an engine that cannot be used", ({ engine }) => engine.away = true, /^wrong: The engine does not answer/],
  ["a bad enrolment", ({ enrolments }) => enrolments.problems.push("Bad."), /^warning: Bad\./],
  ["no enrolment", ({ enrolments }) => enrolments.recipes.clear(), /^warning: No recipe is enrolled/],
];
for (const [what, arrange, expected] of cases) {
  Deno.test(`selfCheck() says what to do about ${what}`, async () => {
    const at = scene();
    arrange(at);
    const found = await at.check();
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0] ?? "", expected);
  });
}

Deno.test("selfCheck() finds clocks that differ", async () => {
  const { clock, check } = scene();
  const [found] = await check(new FakeClock(clock.now() - 300_000));
  assert.match(found ?? "", /^wrong: .*differ by 300 s/);
});
