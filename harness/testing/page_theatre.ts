import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { openBrowser } from "../browser/browser.ts";
import { type PageVisit, visitPage } from "../checks/front_page.ts";
import { httpsSite, missingForBrowser } from "./https_site.ts";

/** Why no page can be looked at here, if so. */
const missing = await missingForBrowser();

/** The app's domain, and a further one of it. */
export const DOMAIN = "app.ci.test";
export const SIBLING = "api.ci.test";

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** An answer with these headers. */
export function reply(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return (response) => void response.writeHead(status, { "content-type": "text/html", ...headers }).end(body);
}

/** A page of HTML. */
export function page(body: string, headers?: Record<string, string>): Answer {
  return reply(200, body, headers);
}

/** A redirect. */
export function moved(location: string): Answer {
  return reply(302, "", { location });
}

/** A page, and what a look at it must come to. */
export interface Scene {
  name: string;
  /** What is answered at `/`, or at each of the paths. */
  site: Answer | Record<string, Answer>;
  health?: Partial<PageVisit["health"]>;
  page?: PageVisit["page"];
  /** Found in the failure's message; without it there must be none. */
  fails?: RegExp;
  /** Whether it is no page to look at, although its answer is good. */
  pageless?: boolean;
  /** Each must be found once, and nothing else may be told. @default none */
  blemishes?: RegExp[];
  /** The same. @default none; any, where the look fails */
  notes?: RegExp[];
}

/** A test that plays scenes one after the other in one browser, and holds what is seen to them. */
export function testScenes(
  name: string,
  { scenes, browser: options }: { scenes: readonly Scene[]; browser?: { partsMs: number; answerMs: number } },
): void {
  Deno.test({
    name: missing === undefined ? name : `${name} (skipped: ${missing} is not installed)`,
    ignore: missing !== undefined,
    async fn(t) {
      await using theatre = await openTheatre(options);
      for (const scene of scenes) {
        await t.step(scene.name, async () => {
          const { failure, blemishes, notes, isPage, screenshot } = await theatre.play(scene);
          const { fails } = scene;
          const said = JSON.stringify({
            failure: failure?.message,
            detail: failure?.detail,
            blemishes,
            notes,
          });
          if (fails === undefined) {
            assert.equal(failure, null, said);
            const opens = scene.pageless !== true;
            assert.deepEqual([isPage, screenshot], [opens, opens ? "page.png" : null], said);
          } else assert.match(failure?.message ?? "", fails, said);
          assert.ok(tells(blemishes, scene.blemishes ?? []), said);
          if (fails === undefined || scene.notes !== undefined) {
            assert.ok(tells(notes, scene.notes ?? []), said);
          }
        });
      }
    },
  });
}

/** A site that answers as the scene says that is being played, in a browser. */
async function openTheatre(options: { partsMs?: number; answerMs?: number } = {}) {
  const stack = new AsyncDisposableStack();
  let played: Scene["site"] = {};
  const site = stack.use(
    await httpsSite([DOMAIN, SIBLING], (request, response) => {
      const routes: Record<string, Answer> = typeof played === "function" ? { "/": played } : played;
      (routes[request.url ?? "/"] ?? reply(404, "not found"))(response, request);
    }),
  );
  const { ingress, ingressHttp, ca, folder } = site;
  const domains = [DOMAIN, SIBLING];
  const browser = stack.use(await openBrowser({ ingress, ingressHttp, ca, domains, ...options }));
  const play = async ({ site, health, page = {} }: Scene) => {
    played = site;
    return await visitPage(browser, {
      domain: DOMAIN,
      domains,
      health: { path: "/", status: [200], ...health },
      page,
      screenshots: folder,
      screenshot: "page.png",
      log: () => {},
      appearsMs: 2_000,
    });
  };
  return { play, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Whether each of the texts is told once, and nothing else. */
function tells(told: readonly string[], wanted: readonly RegExp[]): boolean {
  return told.length === wanted.length &&
    wanted.every((pattern) => told.filter((text) => pattern.test(text)).length === 1);
}
