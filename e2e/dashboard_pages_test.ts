import assert from "node:assert/strict";
import axe, { type AxeResults, type Result } from "axe-core";
import type { Page } from "puppeteer-core";
import { Site } from "./dashboard_site.ts";
import { comparePicture } from "./picture.ts";
import { onRealServices } from "./scene.ts";

/** Folder in which pictures of all pages are left for people to look at, if wanted. */
const pictures = Deno.env.get("CCCI_TEST_PICTURES");

/** Rules of axe-core that look at colours. */
const COLOURS = ["color-contrast", "link-in-text-block"];

/** Every kind of page, by a name for its picture. */
function pagesOf(site: Site): Record<string, string> {
  const runs = site.dashboard.deps.store.runs({ limit: 500 }).filter((run) => run.recipe !== "limesurvey");
  const of = (state: string) =>
    runs.find((run) => run.state === state)?.run ?? assert.fail(`no ${state} run`);
  return {
    overview: "/",
    "overview-filtered": "/?show=attention&sort=level",
    "overview-nothing": "/?q=nothing-like-it",
    recipe: "/recipes/peertube",
    "recipe-broken": "/recipes/nextcloud",
    "recipe-untested": "/recipes/keycloak",
    "recipe-long-words": "/recipes/limesurvey",
    "run-failed": `/runs/${of("failed")}`,
    "run-passed": `/runs/${of("passed")}`,
    "run-running": `/runs/${of("running")}`,
    "run-queued": `/runs/${of("queued")}`,
    "run-infra": `/runs/${of("infra")}`,
    "run-broken-off": "/runs/brokenoff-1",
    "run-cancelled": "/runs/stopped01-1",
    "run-timed-out": "/runs/toolong01-1",
    "run-expired": "/runs/expired01-1",
    "run-long-words": "/runs/longtext1-1",
    "run-gone": "/runs/longgone1-1",
    log: `/runs/${of("passed")}/stages/install`,
    queue: "/queue",
    runs: "/runs",
    status: "/status",
    missing: "/recipes/nextclou",
  };
}

/** The same before anything was ever told. */
const emptyPages = { "empty-overview": "/", "empty-queue": "/queue", "empty-status": "/status" };

/** What is wrong with the looks of some pages, at two widths, light and dark. */
async function flaws(site: Site, pages: Record<string, string>): Promise<string[]> {
  if (pictures !== undefined) await Deno.mkdir(pictures, { recursive: true });
  const found: string[] = [];
  const page = await site.page();
  for (const [name, path] of Object.entries(pages)) {
    await site.visit(page, path);
    await page.evaluate(axe.source);
    for (const width of [390, 1440]) {
      for (const dark of [false, true]) {
        await site.look(page, { width, dark });
        const where = `${name} at ${width} ${dark ? "dark" : "light"}`;
        // Colours are all that the dark theme changes.
        for (const { id, nodes } of await violations(page, dark ? COLOURS : [])) {
          found.push(`${where}: ${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
        }
        const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        if (Number(over) > 0) found.push(`${where}: ${over} pixels too wide`);
        if (pictures !== undefined) {
          const path = `${pictures}/${name}-${width}-${dark ? "dark" : "light"}.png`;
          await Deno.writeFile(path, await page.screenshot({ fullPage: true }));
        }
      }
    }
  }
  return found;
}

onRealServices(
  "axe-core finds nothing on any page, at two widths, light and dark; nothing is cut off",
  async () => {
    await using site = await Site.open();
    assert.deepEqual(await flaws(site, pagesOf(site)), []);
  },
);

onRealServices("nor on an empty dashboard", async () => {
  await using site = await Site.open({ empty: true });
  assert.deepEqual(await flaws(site, emptyPages), []);
});

onRealServices("the picture of the dashboard in the README is of today's page and style", async () => {
  await using site = await Site.open({ at: "2026-03-01T12:00:00Z" });
  site.dashboard.hidden.add("limesurvey"); // its words are longer than those that people use
  const page = await site.page({ width: 1040 });
  await site.visit(page, "/");
  const read = await page.$eval("main", (main) => main.innerText);
  // Its address changes with what stands in it.
  const style = await page.$eval("link[rel=stylesheet]", (link) => link.getAttribute("href"));
  await comparePicture(page, {
    name: "dashboard",
    shows: `${read}\n\n${style}\n`,
    clip: { x: 0, y: 0, width: 1040, height: 900 },
  });
});

onRealServices("axe-core would find something", async () => {
  await using site = await Site.open();
  const page = await site.page();
  await site.visit(page, "/");
  await page.evaluate(axe.source);
  await page.evaluate(
    "document.querySelector('input[name=q]').closest('label').replaceWith(document.createElement('input'))",
  );
  assert.deepEqual((await violations(page)).map(({ id }) => id), ["label"]);
  await page.evaluate("document.querySelector('main').style.color = '#808080'");
  await site.look(page, { dark: true });
  const colours = (await violations(page, COLOURS)).map(({ id }) => id);
  assert.deepEqual(colours, ["color-contrast"]);
});

onRealServices("pages load without a script error and keep to their policy", async () => {
  await using site = await Site.open();
  const page = await site.page();
  const wrong: string[] = [];
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !/404|ERR_NETWORK_CHANGED/.test(message.text())) {
      wrong.push(message.text());
    }
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(site.url)) wrong.push(`asked for ${request.url()}`);
  });
  for (const path of Object.values(pagesOf(site))) await site.visit(page, path);
  assert.deepEqual(wrong, []);
});

onRealServices("the keyboard alone leads from the overview into a recipe's run", async () => {
  await using site = await Site.open();
  const page = await site.page();
  await site.visit(page, "/");
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Skip to content");
  await page.keyboard.press("Enter");
  const way = [["nextcloud", "/recipes/nextcloud"], ["Failed in upgrade", "/runs/"]] as const;
  for (const [text, address] of way) {
    await tabTo(page, text);
    assert.notEqual(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle"), "none");
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    assert.ok(new URL(page.url()).pathname.startsWith(address), page.url());
  }
});

onRealServices(
  "the keyboard chooses in the overview's filter, and nothing happens before it says so",
  async () => {
    await using site = await Site.open();
    const page = await site.page();
    await site.visit(page, "/");
    let asked = 0;
    page.on("request", (request) => request.isNavigationRequest() && asked++);
    await page.focus("select[name=show]");
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.evaluate("document.activeElement.name"), "show");
    await page.keyboard.press("ArrowDown");
    await tabTo(page, "Show");
    assert.equal(asked, 0, "a choice is not an order yet");
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    assert.equal(new URL(page.url()).searchParams.get("show"), "active");
    assert.equal(await page.$eval("select[name=show]", (select) => select.value), "active");
  },
);

onRealServices("where nothing can hover a snippet's Copy is seen at once", async () => {
  await using site = await Site.open();
  const page = await site.page({ width: 390, touch: true });
  await site.visit(page, "/recipes/peertube");
  await page.waitForSelector(".copy");
  assert.equal(await page.evaluate("getComputedStyle(document.querySelector('.copy')).opacity"), "1");
});

onRealServices("without JavaScript everything is still there, and the filter works", async () => {
  await using site = await Site.open();
  const page = await site.page({ scripts: false });
  const shown: Record<string, RegExp> = {
    overview: /peertube/,
    recipe: /Upgrades tested/,
    "run-failed": /Failed in/,
    "run-running": /Testing/,
    log: /abra app new/,
    queue: /running/,
    status: /Runner hosts/,
    missing: /nextcloud/,
  };
  const pages = pagesOf(site);
  for (const [name, text] of Object.entries(shown)) {
    await site.visit(page, pages[name] ?? "");
    assert.match(await page.$eval("main", (main) => main.textContent), text, name);
  }
  await site.visit(page, "/");
  await page.type("input[name=q]", "ghost");
  await Promise.all([page.waitForNavigation(), page.click(".filter button")]);
  assert.match(page.url(), /q=ghost/);
  const names = await page.$$eval("a.name", (links) => links.map((link) => link.textContent));
  assert.deepEqual(names, ["ghost"]);
});

/** @param rules only these; all where none is named */
async function violations(page: Page, rules: string[] = []): Promise<Result[]> {
  const options = { resultTypes: ["violations"], ...(rules.length > 0 && { runOnly: rules }) };
  const { violations } = await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`) as AxeResults;
  return violations;
}

async function focused(page: Page): Promise<string> {
  return String(await page.evaluate("document.activeElement?.textContent ?? ''")).trim();
}

async function tabTo(page: Page, text: string): Promise<void> {
  for (let at = 0; at < 200; at++) {
    await page.keyboard.press("Tab");
    if (await focused(page) === text) return;
  }
  assert.fail(`The keyboard does not reach "${text}"`);
}
