import assert from "node:assert/strict";
import { configure, type LogRecord, reset } from "@logtape/logtape";
import type { Answer } from "../../common/answer.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { giteaForge } from "./gitea.ts";
import { giteaStatuses } from "./statuses.ts";

const place = { repo: "recipe-maintainers/custom-html", pr: 1 };

/** A forge whose answers the test chooses, in turn; the last one is repeated. */
function forge(...answers: (() => Response)[]) {
  const seen: { method: string; url: URL; headers: Headers; redirect: string | undefined }[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    const request = new Request(input, init);
    seen.push({
      method: request.method,
      url: new URL(request.url),
      headers: request.headers,
      redirect: init?.redirect,
    });
    const next = answers[Math.min(seen.length, answers.length) - 1];
    if (next === undefined) throw new Error("No answer prepared");
    try {
      return Promise.resolve(next());
    } catch (error) {
      return Promise.reject(error);
    }
  };
  const options = { url: "https://forge.example/", token: "secret", fetch, clock: new FakeClock() };
  return { seen, forge: giteaForge(options), statuses: giteaStatuses(options) };
}
const json = (body: unknown, init: ResponseInit = {}) => () =>
  new Response(JSON.stringify(body), { headers: { "content-type": "application/json" }, ...init });
/** All of a list on one page. */
const list = (body: unknown[]) =>
  json(body, {
    headers: { "content-type": "application/json", "x-total-count": String(body.length) },
  });
const refusal = (status: number) =>
  json({ message: "no", url: "https://forge.example/api/swagger" }, { status });
const foreign = (status: number, type = "text/plain; charset=utf-8") => () =>
  new Response(type.includes("json") ? '{"error":"no route"}' : "404 page not found", {
    ...{ status, headers: { "content-type": type } },
  });
const down = () => {
  throw new TypeError("Connection refused");
};
const comment = (id: number) => ({
  id,
  user: { id: 2, login: "maintainer" },
  body: "!testme\n",
  created_at: "2026-11-23T12:00:00Z",
  updated_at: "2026-11-23T13:00:00+01:00",
});

Deno.test("giteaForge() reads comments with the token, untrimmed, times from any zone", async () => {
  const { forge: gitea, seen } = forge(list([comment(7)]));
  const answer = await gitea.comments({ ...place, since: Date.parse("2026-11-23T12:00:00.900Z") });
  assert.ok(answer.ok);
  const at = Date.parse("2026-11-23T12:00:00Z");
  assert.deepEqual(answer.value, [
    { id: 7, userId: 2, login: "maintainer", body: "!testme\n", createdAt: at, updatedAt: at },
  ]);
  assert.equal(seen[0]?.url.pathname, "/api/v1/repos/recipe-maintainers/custom-html/issues/1/comments");
  assert.equal(seen[0]?.url.searchParams.get("since"), "2026-11-23T12:00:00Z");
  assert.equal(seen[0]?.headers.get("authorization"), "token secret");
  assert.equal(seen[0]?.redirect, "manual");
});

const found = (number: number) => ({
  number,
  updated_at: "2026-11-23T12:00:00Z",
  repository: { full_name: place.repo },
});

Deno.test("giteaForge() walks pages by page and limit until the forge's count is reached", async () => {
  const counted = (body: unknown) =>
    json(body, { headers: { "content-type": "application/json", "x-total-count": "51" } });
  const full = Array.from({ length: 50 }, (_, index) => found(index + 1));
  const { forge: gitea, seen } = forge(counted(full), counted([found(51)]));
  const answer = await gitea.touchedPulls({ owner: "recipe-maintainers", since: 0 });
  assert.equal(answer.ok && answer.value.length, 51);
  assert.deepEqual(seen.map(({ url }) => [url.searchParams.get("page"), url.searchParams.get("limit")]), [
    ["1", "50"],
    ["2", "50"],
  ]);
});

Deno.test("giteaForge() reads past short pages, nulls and what it does not understand, in every list", async () => {
  const alien = { of: "a kind that nobody knows" };
  const user = { id: 2, login: "maintainer", active: true };
  const remark = { ...comment(7), pull_request_url: "https://forge.example/o/r/pulls/1" };
  const repository = {
    ...{ full_name: place.repo, owner: { id: 1 }, default_branch: "main" },
    updated_at: "2026-11-23T12:00:00Z",
  };
  const shown = { context: "cc-ci", status: "success", description: "", target_url: "" };
  const within = (name: string) => (page: unknown[]) => ({ [name]: page });
  const bare = (page: unknown[]) => page;
  type Read = (from: ReturnType<typeof forge>) => Promise<Answer<unknown>>;
  const lists: Record<string, { entry: unknown; wrap: (page: unknown[]) => unknown; read: Read }> = {
    search: {
      entry: found(1),
      wrap: bare,
      read: ({ forge }) => forge.touchedPulls({ owner: "o", since: 0 }),
    },
    comments: { entry: comment(7), wrap: bare, read: ({ forge }) => forge.comments({ ...place, since: 0 }) },
    "comments of a repository": {
      entry: remark,
      wrap: bare,
      read: ({ forge }) => forge.repoComments({ repo: place.repo, since: 0 }),
    },
    repositories: {
      entry: repository,
      wrap: within("data"),
      read: ({ forge }) => forge.touchedRepositories({ ownerId: 1, since: 0 }),
    },
    members: { entry: user, wrap: bare, read: ({ forge }) => forge.whoAmI({ org: "o" }) },
    statuses: {
      entry: shown,
      wrap: within("statuses"),
      read: ({ statuses }) => statuses.shown({ repo: place.repo, commit: "a".repeat(40) }),
    },
  };
  for (const [name, { entry, wrap, read }] of Object.entries(lists)) {
    const plain = await read(forge(json(wrap([entry])), json(wrap([]))));
    const odd = await read(forge(
      json(wrap([null, alien])),
      json(wrap([null, alien])),
      json(wrap([null, entry, alien])),
      json(wrap([])),
    ));
    assert.ok(plain.ok && odd.ok, name);
    assert.deepEqual(odd.value, plain.value, name);
    assert.ok(plain.value !== null && (!Array.isArray(plain.value) || plain.value.length === 1), name);
  }
});

Deno.test("giteaForge() logs an entry that it leaves out once, however often the list is read", async () => {
  const lines: string[] = [];
  await configure({
    reset: true,
    sinks: { lines: (record: LogRecord) => void lines.push(record.message.join("")) },
    loggers: [{ category: "ccci", lowestLevel: "warning", sinks: ["lines"] }, {
      category: ["logtape", "meta"],
      lowestLevel: "fatal",
      sinks: [],
    }],
  });
  try {
    const { forge: gitea } = forge(
      json([null, { id: 9 }, comment(7)]),
      json([]),
      json([null, { id: 9 }]),
      json([]),
    );
    for (let times = 0; times < 2; times++) await gitea.comments({ ...place, since: 0 });
    assert.deepEqual(lines, ["left an entry of a list out", "left an entry of a list out"]);
  } finally {
    await reset();
  }
});

Deno.test("giteaForge() never takes the part of a long list that it reads for the whole", async () => {
  const { forge: endless } = forge(json(Array.from({ length: 50 }, () => found(1))));
  assert.equal((await endless.touchedPulls({ owner: "recipe-maintainers", since: 0 })).ok, false);
});

Deno.test("giteaForge() reads pushes past a page that was thinned out, and their times and heads", async () => {
  const [a, b] = ["a".repeat(40), "b".repeat(40)];
  const entry = (type: string, body: unknown) => ({
    type,
    created_at: "2026-11-23T12:00:00Z",
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const { forge: gitea } = forge(
    json([
      null,
      entry("comment", "hi"),
      { type: "of-a-newer-forge" },
      entry("pull_push", { is_force_push: false, commit_ids: [a] }),
    ]),
    json([entry("pull_push", { is_force_push: true, commit_ids: [a, b] }), entry("pull_push", "rubbish")]),
    json(null),
  );
  const answer = await gitea.pushes(place);
  assert.ok(answer.ok);
  const at = Date.parse("2026-11-23T12:00:00Z");
  assert.deepEqual(answer.value, [
    { head: a, before: null, forced: false, at },
    { head: b, before: a, forced: true, at },
    { head: null, before: null, forced: false, at },
  ]);
});

Deno.test("giteaForge() cannot tell when what was pushed where the timeline has more pages than anybody reads", async () => {
  const { forge: gitea } = forge(json([{ type: "comment", created_at: "2026-11-23T12:00:00Z", body: "hi" }]));
  const answer = await gitea.pushes(place);
  assert.deepEqual(answer.ok && answer.value, []);
});

Deno.test("giteaForge() takes nothing but 201 for a comment created, and never posts twice", async () => {
  const renamed = forge(json([comment(7)], { status: 200 }));
  const answer = await renamed.forge.createComment({ ...place, body: "x" });
  assert.ok(!answer.ok && answer.status === 200);
  for (const failing of [refusal(500), down, foreign(502)]) {
    const { forge: gitea, seen } = forge(failing);
    assert.equal((await gitea.createComment({ ...place, body: "x" })).ok, false);
    assert.equal((await gitea.editComment({ repo: place.repo, id: 1, body: "x" })).ok, false);
    assert.equal(seen.length, 2);
  }
});

Deno.test("giteaForge() repeats reads, and tells no answer from a 500", async () => {
  const pull = { state: "open", title: "t", html_url: "https://x", created_at: "2026-11-23T12:00:00Z" };
  const good = json({ ...pull, head: { sha: "a".repeat(40) } });
  const flaky = forge(down, foreign(502), good);
  assert.equal((await flaky.forge.pull(place)).ok, true);
  const dead = forge(down);
  const answer = await dead.forge.pull(place);
  assert.ok(!answer.ok && answer.status === 0);
  const broken = await forge(refusal(500)).forge.pull(place);
  assert.ok(!broken.ok && broken.status === 500);
});

Deno.test("giteaForge() says member on 204 alone, stranger on 404 alone", async () => {
  const query = { org: "o", login: "m" };
  const member = await forge(() => new Response(null, { status: 204 })).forge.isMember(query);
  assert.ok(member.ok && member.value);
  const stranger = await forge(refusal(404)).forge.isMember(query);
  assert.ok(stranger.ok && !stranger.value);
  for (const status of [200, 303, 307, 401, 403, 500]) {
    const answer = await forge(json({}, { status, headers: { location: "/x" } })).forge.isMember(query);
    assert.equal(answer.ok, false, String(status));
  }
});

Deno.test("giteaForge() takes a status for the forge's only with the forge's own body", async () => {
  for (const status of [401, 403, 404, 410, 422, 423, 500]) {
    const own = await forge(refusal(status)).forge.pull(place);
    assert.ok(!own.ok && own.status === status, String(status));
    for (const type of ["text/plain; charset=utf-8", "text/html", "application/json"]) {
      const { forge: gitea } = forge(foreign(status, type));
      const answers = [
        await gitea.pull(place),
        await gitea.isMember({ org: "o", login: "m" }),
        await gitea.editComment({ repo: place.repo, id: 1, body: "x" }),
      ];
      for (const answer of answers) assert.ok(!answer.ok && answer.status === 0, `${status} ${type}`);
    }
  }
});

Deno.test("giteaForge() takes a redirect for a new name only where it leads to one", async () => {
  const api = "/api/v1/repos/recipe-maintainers";
  const leads: [string, number][] = [
    [`${api}/renamed/pulls/1`, 301],
    [`https://forge.example${api}/renamed/pulls/1`, 301],
    ["https://login.example/?next=forge", 0],
    ["/user/login", 0],
    [`${api}/custom-html/pulls/1`, 0],
  ];
  for (const [location, status] of leads) {
    const moved = () => new Response("<a>Moved</a>", { status: 301, headers: { location } });
    const answer = await forge(moved).forge.pull(place);
    assert.ok(!answer.ok && answer.status === status, location);
  }
});

Deno.test("giteaForge() does not take a challenge page or a null for data", async () => {
  const page = () =>
    new Response("<html>are you human?</html>", { headers: { "content-type": "text/html" } });
  assert.equal((await forge(page).forge.comments({ ...place, since: null })).ok, false);
  assert.equal((await forge(json(null)).forge.pull(place)).ok, false);
  assert.equal((await forge(page).forge.acknowledge({ repo: place.repo, id: 1 })).ok, false);
});

Deno.test("giteaForge() passes Retry-After on instead of trying again", async () => {
  const busy = () => new Response("busy", { status: 503, headers: { "retry-after": "120" } });
  const { forge: gitea, seen } = forge(busy);
  const answer = await gitea.pull(place);
  assert.ok(!answer.ok && answer.retryAfterMs === 120_000);
  assert.equal(seen.length, 1);
});

Deno.test("giteaForge() knows its own account by the field only its owner sees, if that is one", async () => {
  const members = (...active: boolean[]) => active.map((flag, id) => ({ id, login: `u${id}`, active: flag }));
  const one = await forge(list(members(false, true, false))).forge.whoAmI({ org: "o" });
  assert.deepEqual(one.ok && one.value, { id: 1, login: "u1" });
  const admin = await forge(list(members(true, true))).forge.whoAmI({ org: "o" });
  assert.equal(admin.ok && admin.value, null);
});
