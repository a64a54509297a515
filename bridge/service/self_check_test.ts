import assert from "node:assert/strict";
import { selfCheck } from "./self_check.ts";
import { giteaForge } from "../forge/gitea.ts";
import { giteaStatuses } from "../forge/statuses.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { FakeEngine } from "../testing/fake_engine.ts";
import { FakeGitea, type Fault } from "../testing/fake_gitea.ts";
import { repo } from "../testing/world.ts";

function scene() {
  const clock = new FakeClock();
  const gitea = new FakeGitea(clock);
  const engine = new FakeEngine();
  const enrolments = {
    recipes: new Map([[repo, "custom-html"]]),
    owners: [gitea.org] as string[],
    mistakes: new Map<string, string>(),
    shown: new Set<string>(),
    problems: [] as string[],
  };
  const forge = giteaForge({ url: "https://forge.example", token: "token", fetch: gitea.fetch, clock });
  gitea.repos.push(repo, "a".repeat(40));
  const statuses = giteaStatuses({ url: "https://forge.example", token: "other", fetch: gitea.fetch, clock });
  const all = async (at = clock) =>
    await selfCheck({
      forge,
      statuses,
      engine,
      clock: at,
      forgeUrl: "https://forge.example",
      org: gitea.org,
      enrolments,
    });
  const facts = async () => (await all()).filter(({ kind }) => kind === "fact").map(({ text }) => text);
  const check = async (at = clock) =>
    (await all(at))
      .filter(({ kind }) => kind !== "fact").map(({ kind, text }) => `${kind}: ${text}`);
  return { clock, gitea, engine, enrolments, check, facts };
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
  ...[
    ["read:organization", "read:organization"],
    ["read:repository", "read:repository"],
    ["write:issue", "write:issue"],
  ].map(([missing = "", named = ""]): (typeof cases)[number] => [
    `a token without ${missing}`,
    ({ gitea }) => gitea.scopes.delete(missing),
    new RegExp(`^wrong: The forge's token lacks a scope, probably "${named}"`),
  ]),
  [
    "a token that may only read",
    ({ gitea }) => {
      gitea.scopes.delete("write:issue");
      gitea.scopes.add("read:issue");
    },
    /^wrong: .*"write:issue"/,
  ],
  ...[[], ["root-admin"]].map((shown): (typeof cases)[number] => [
    `an account outside of the organisation, of which ${shown.length} members are known to all`,
    ({ gitea }) => {
      gitea.members.delete(gitea.bot);
      for (const name of shown) gitea.publicMembers.add(name);
    },
    /^wrong: The bridge's account is not in "recipe-maintainers": add it to a team/,
  ]),
  [
    "an owner that is mistyped",
    ({ enrolments }) => enrolments.owners.push("recipe-mantainers"),
    /^warning: The forge knows no owner "recipe-mantainers": correct/,
  ],
  [
    "a repository that is not there",
    ({ enrolments }) => enrolments.recipes = new Map([[`${repo}x`, "typo"], ...enrolments.recipes]),
    /^warning: The forge shows no repository "recipe-maintainers\/custom-htmlx"/,
  ],
  ["an old Gitea", ({ gitea }) => gitea.version = "1.21.4", /^warning: Gitea 1\.21\.4 is older than 1\.22/],
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

Deno.test("selfCheck() tells which forge it is", async () => {
  const { gitea, facts } = scene();
  assert.deepEqual(await facts(), ['Gitea 1.26.0 at "https://forge.example"']);
  gitea.version = "15.0.3+gitea-1.22.0";
  assert.deepEqual(await facts(), ['Forgejo 15.0.3 at "https://forge.example"']);
});

Deno.test("selfCheck() finds clocks that differ", async () => {
  const { clock, check } = scene();
  const [found] = await check(new FakeClock(clock.now() - 300_000));
  assert.match(found ?? "", /^wrong: .*differ by 300 s/);
});
