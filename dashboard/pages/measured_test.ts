import assert from "node:assert/strict";
import { TestDashboard } from "../testing/dashboard.ts";
import { appPicture } from "../testing/picture.ts";
import { good, images, untidy } from "../testing/sample_stages.ts";
import { main, tell, type Told } from "../testing/story.ts";

const run = "looked-1";
const recipe = "/recipes/miniflux";
const visual = { before: "upgrade-before.png", after: "upgrade.png", difference: "gap.png", changed: 0.0142 };

async function told(
  more: Partial<Told> = {},
  { names = [visual.before, visual.after, visual.difference], dashboard = new TestDashboard() } = {},
): Promise<TestDashboard> {
  const picture = await appPicture(1, { width: 8, height: 8 });
  const pictures = [...names, "restore-feeds.png", "install.png"];
  await tell(dashboard, {
    run,
    recipe: "miniflux",
    subject: main,
    base: "1.0.0+1",
    stages: good(),
    level: 5,
    images,
    visual,
    pictures: Object.fromEntries(pictures.map((name) => [name, picture])),
    ...more,
  });
  return dashboard;
}

function captions(page: string): string[] {
  return [...page.matchAll(/<figcaption>([^<]*)</g)].map(([, caption]) => caption ?? "");
}

Deno.test("a run's page shows the page before and after the upgrade, then each stage's pictures in order", async () => {
  await using dashboard = await told();
  const page = await dashboard.page(`/runs/${run}`);
  assert.match(page, /1\.4 % of the page&#39;s pixels changed by the upgrade/);
  assert.deepEqual(captions(page), [
    "Before: 1.0.0+1",
    "After: 3fa9c1b",
    "Difference, in red",
    "install",
    "restore · feeds",
  ]);
  assert.match(await dashboard.page(recipe), /href="\/runs\/looked-1#upgrade-looks"/);
});

Deno.test("where a picture of the comparison is missing, the others are shown by themselves", async () => {
  await using dashboard = await told({}, { names: ["upgrade-before.png", "upgrade.png"] });
  assert.deepEqual(captions(await dashboard.page(`/runs/${run}`)), [
    "install",
    "restore · feeds",
    "upgrade · before",
    "upgrade",
  ]);
  assert.doesNotMatch(await dashboard.page(recipe), /upgrade-looks/);
});

Deno.test("what the services used is told at its peak and stage by stage, on the recipe's page for the newest run measured", async () => {
  await using dashboard = new TestDashboard();
  const small = [{ service: "db", peakMemoryBytes: 1e6, cpuSeconds: 1, diskBytes: null }];
  await tell(dashboard, {
    run: "before-1",
    recipe: "miniflux",
    subject: main,
    stages: [{ name: "install", resources: small }],
  });
  await told({}, { dashboard });
  await tell(dashboard, { run: "second-1", recipe: "miniflux", subject: main });
  const page = await dashboard.page(`/runs/${run}`);
  const rows = [
    ...page.matchAll(
      /<th scope="row">(.*?)<\/th>(?:<td>(\w+)<\/td>)?<td class="meter">.*?<\/td><td class="number">([^<]*)</g,
    ),
  ]
    .map(([, first, service, memory]) => [first?.replace(/<.*?>/g, ""), service ?? "", memory].join(" "));
  assert.deepEqual(rows.slice(0, 4), [
    "db  78.2 MB",
    "app  30.8 MB",
    "install db 43.3 MB",
    "install app 22.3 MB",
  ]);
  assert.match(page, /2 images <span class="muted">473 MB/);
  const about = await dashboard.page(recipe);
  assert.match(about, /<th scope="row">db<\/th><td class="meter">.*?<\/td><td class="number">78\.2 MB/);
  assert.match(about, /measured by <a href="\/runs\/looked-1">[^]*images of 473 MB/);
});

Deno.test("the recipe's page says what keeps it from being clean", async () => {
  await using dashboard = await told({ stages: untidy(), level: 4 });
  assert.match(await dashboard.page(recipe), /clean <span class="why">1 lint warning, 1 blemish</);
});
