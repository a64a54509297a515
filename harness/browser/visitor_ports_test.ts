import assert from "node:assert/strict";
import { httpsSite, missingForBrowser } from "../testing/https_site.ts";
import { BrowserError, openBrowser } from "./browser.ts";

const missing = await missingForBrowser();
const skipped = missing === undefined ? "" : ` (skipped: ${missing} is not installed)`;

Deno.test({
  name:
    `the ports are a visitor's: http leads to the proxy's web entry point, and other ports nowhere${skipped}`,
  ignore: missing !== undefined,
  async fn(t) {
    await using site = await httpsSite(["app.ci.test"], (request, response) => {
      const path = request.url ?? "/";
      // nginx names itself with http when it adds a slash behind a proxy that ends TLS.
      const moved = { "/docs": "http://app.ci.test/docs/", "/dev": "https://app.ci.test:3000/" }[path];
      if (moved !== undefined) return void response.writeHead(301, { location: moved }).end();
      response.writeHead(200, { "content-type": "text/html" }).end(`<title>${path}</title>`);
    });
    const { ingress, ingressHttp, ca } = site;
    const domains = ["app.ci.test"];
    await using browser = await openBrowser({ ingress, ingressHttp, ca, domains });
    await t.step("a redirect to http of the app's own name", async () => {
      await using page = await browser.page();
      assert.deepEqual(await page.goto("https://app.ci.test/docs"), {
        status: 200,
        url: "https://app.ci.test/docs/",
      });
    });
    await t.step("an address with http", async () => {
      await using page = await browser.page();
      assert.equal((await page.goto("http://app.ci.test/x")).url, "https://app.ci.test/x");
    });
    await t.step("a redirect to a port that the proxy does not serve", async () => {
      await using page = await browser.page();
      await assert.rejects(
        page.goto("https://app.ci.test/dev"),
        (error) => error instanceof BrowserError && /no domain of this run/.test(error.message),
      );
    });
  },
});
