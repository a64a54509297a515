import assert from "node:assert/strict";
import { runnerToken, TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, tell, type Told } from "../testing/story.ts";

const hidden = "secret1-1";
const subject = { kind: "branch", name: "main", src: "a/hush" } as const;
const report = { host: "runner.example.org", freeBytes: 1e11, janitor: null };

/** The same public runs, and between them those of a recipe that nobody may see, if asked. */
async function told({ secretly }: { secretly: boolean }): Promise<TestDashboard> {
  const dashboard = new TestDashboard();
  dashboard.enrolled = ["hush", "miniflux"];
  dashboard.hidden.add("hush");
  const secret: Told = {
    run: hidden,
    recipe: "hush",
    subject,
    files: { "a.log": "x".repeat(5_000) },
    stages: [{ name: "install", seconds: 500, log: ["a line"] }],
    leftovers: ["volume x"],
  };
  const begun = dashboard.clock.now();
  for (let round = 0; round < 60; round++) {
    dashboard.clock.set(begun + round * 1_000_000);
    if (secretly) await tell(dashboard, { ...secret, run: `secret${round}-1` });
    dashboard.clock.set(begun + round * 1_000_000 + 500_000);
    await tell(dashboard, { run: `public${round}-1`, recipe: "miniflux", files: { "a.log": "x" } });
  }
  if (secretly) {
    await dashboard.announce("secretly-1", announcementOf({ recipe: "hush", subject }));
    await dashboard.announce(
      "secretly-2",
      announcementOf({ recipe: "hush", subject }, { state: "queued", position: 0 }),
    );
  }
  await dashboard.announce("running-1", announcementOf({ recipe: "miniflux" }));
  await dashboard.announce(
    "waiting-1",
    announcementOf({ recipe: "miniflux" }, { state: "queued", position: 3 }),
  );
  dashboard.clock.set(begun + 100_000_000);
  if (secretly) await dashboard.heartbeat("secretly-1", { token: runnerToken, report });
  await dashboard.heartbeat("running-1", { token: runnerToken, report });
  return dashboard;
}

/** What stands in the place of a parameter of an address: something public, something hidden, and nothing. */
const parameters: Record<string, readonly string[]> = {
  run: ["public0-1", "public59-1", "waiting-1", "secret0-1", "secretly-1", "secretly-2", "nobody-1"],
  recipe: ["miniflux", "hush", "nothing"],
  stage: ["install", "backup", "nothing"],
  name: ["a.log", "result.json", "nothing"],
  file: ["miniflux.svg", "hush.svg", "nothing.svg", "style.css"],
};
/** What is asked behind addresses of this beginning. */
const queries: Record<string, readonly string[]> = {
  "/api/runs": ["?limit=1", "?recipe=hush", "?before=public3-1&limit=2", "?before=secret3-1", "?before=7"],
  "/runs": ["?before=public55-1", "?before=secret3-1", "?before=7"],
  "/recipes/miniflux": ["?before=public40-1", "?before=secret40-1", "?before=7"],
  "/": ["?q=hush", "?q=mini"],
};

/** Every address that a pattern of a route stands for. */
function addresses(pattern: string): string[] {
  const [before, name, after] = /^(.*?):(\w+)(?:\{[^/]*\})?(.*)$/s.exec(pattern)?.slice(1) ?? [];
  if (before === undefined || name === undefined) {
    return [
      pattern,
      ...(queries[pattern] ?? []).map((one) => pattern + one),
    ];
  }
  const values = parameters[name];
  assert.ok(values !== undefined, `say what stands for :${name} in ${pattern}`);
  return values.flatMap((value) => addresses(`${before}${value}${after ?? ""}`));
}

/** An answer as an outsider gets it; of what goes on for ever, the first piece. */
async function seen(dashboard: TestDashboard, address: string): Promise<string> {
  const answer = await dashboard.get(address);
  const streams = answer.headers.get("content-type") === "text/event-stream";
  let body: string;
  if (streams) {
    const reader = answer.body?.getReader();
    body = new TextDecoder().decode((await reader?.read())?.value);
    await reader?.cancel();
  } else body = await answer.text();
  const headers = [...answer.headers].filter(([name]) => name !== "etag" || !address.includes("/artefacts/"));
  return `${answer.status} ${JSON.stringify(headers)}\n${body}`;
}

/** Memory and free space are the machine's, and change while the test runs; request times are those of this test. */
function ofTheMachine(text: string): string {
  return text.replaceAll(/^ccci_dashboard_(memory_bytes|request_seconds_(sum|bucket)).*$/gm, "")
    .replaceAll(/"freeBytes":[0-9]+,"freeInodes":[0-9]+(?=\})/g, "").replaceAll(
      /<dt>Free<\/dt><dd>.*?<\/dd>/g,
      "",
    )
    .replaceAll(/reference":"[0-9a-f]+"/g, "");
}

Deno.test("an outsider gets the same from every address, whatever there is of what is not public", async () => {
  await using open = await told({ secretly: false });
  await using mixed = await told({ secretly: true });
  const patterns = new Set(open.app.routes.filter(({ method }) => method === "GET").map(({ path }) => path));
  const all = [...patterns].filter((path) => !path.endsWith("*")).flatMap(addresses);
  assert.ok(all.length > 60, `${all.length} addresses`);
  const differing: string[] = [];
  for (const address of [...all, "/hus", "/runs/secret0-1/nothing", "/metrics"]) {
    const [one, other] = [await seen(open, address), await seen(mixed, address)].map(ofTheMachine);
    if (one !== other) differing.push(`${address}\n${firstDifference(one ?? "", other ?? "")}`);
  }
  assert.deepEqual(differing, []);
});

Deno.test("pages that follow each other by their own links have no gaps", async () => {
  await using mixed = await told({ secretly: true });
  const runs: string[] = [];
  for (let next: string | null = "/api/runs?limit=7"; next !== null;) {
    const page: { runs: { run: string }[]; next: string | null } = JSON.parse(await mixed.page(next));
    runs.push(...page.runs.map(({ run }) => run));
    next = page.next?.replace("https://ci.example.org", "") ?? null;
  }
  assert.equal(runs.length, 62);
  assert.equal(new Set(runs).size, 62);
});

function firstDifference(one: string, other: string): string {
  const at = [...one].findIndex((sign, index) => sign !== other[index]);
  const from = Math.max(0, at - 60);
  return `${one.slice(from, at + 60)}\n≠\n${other.slice(from, at + 60)}`;
}
