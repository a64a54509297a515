import assert from "node:assert/strict";
import { bridgeToken, runnerToken, TestDashboard } from "../dashboard/testing/dashboard.ts";
import { announcementOf, tell } from "../dashboard/testing/story.ts";
import { onRealServices } from "./scene.ts";
import { fuzz } from "./schemathesis.ts";

/** The dashboard on loopback with a run that is over and one that goes on. */
async function serve(app: (dashboard: TestDashboard) => (request: Request) => Response | Promise<Response>) {
  let answer: (request: Request) => Response | Promise<Response> = () => new Response(null, { status: 503 });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => answer(request));
  const url = `http://127.0.0.1:${server.addr.port}`;
  const dashboard = new TestDashboard({ baseUrl: url });
  answer = app(dashboard);
  dashboard.enrolled = ["miniflux", "never-run"];
  await tell(dashboard, { run: "ended01-1", recipe: "miniflux", files: { "a.log": "text" } });
  await dashboard.announce("known01-1", announcementOf({ recipe: "miniflux" }));
  return {
    dashboard,
    description: `${url}/api/openapi.json`,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await dashboard[Symbol.asyncDispose]();
    },
  };
}

/** How many calls the description names. */
async function operations(description: string): Promise<number> {
  const { paths } = await (await fetch(description)).json() as { paths: Record<string, object> };
  return Object.values(paths).flatMap((path) => Object.keys(path)).filter((key) => key !== "parameters")
    .length;
}

// Schemathesis cannot make bodies of lines of JSON; the fuzz test in dashboard/ does.
const exclude = ["appendEvents"];

for (
  const [who, token] of [["anybody", null], ["the bridge", bridgeToken], ["a runner", runnerToken]] as const
) {
  onRealServices(
    `schemathesis finds no answer that the API's description does not name, as ${who}`,
    async () => {
      await using site = await serve((dashboard) => (request) => dashboard.app.fetch(request));
      const before = await site.dashboard.page("/api/runs/ended01-1");
      const { folder } = site.dashboard;
      const found = await fuzz(site.description, { token, folder, exclude });
      assert.ok(found.success, found.stdout.slice(-6_000) + found.stderr);
      const tested = /Tested: (\d+)/.exec(found.stdout)?.[1];
      assert.equal(
        Number(tested),
        await operations(site.description) - exclude.length,
        "every other was called",
      );
      if (token === null) assert.equal(await site.dashboard.page("/api/runs/ended01-1"), before);
    },
  );
}

onRealServices("schemathesis would find an answer that is not described", async () => {
  const path = "/api/queue";
  await using site = await serve((dashboard) => async (request) => {
    const answer = await dashboard.app.fetch(request);
    return new URL(request.url).pathname === path ? Response.json({ runs: "none" }) : answer;
  });
  const found = await fuzz(site.description, { token: null, folder: site.dashboard.folder, exclude, path });
  assert.equal(found.success, false);
  assert.match(found.stdout, /GET \/api\/queue/);
});
