import { join } from "node:path";
import * as z from "zod";
import { ingressFetch } from "../../common/ingress.ts";
import { type BrokerState, type Handler, MAX_BODY, method, timeout, whole } from "./broker_call.ts";
import { tcpMethods } from "./broker_tcp.ts";
import { BrokerError, type BrokerOptions } from "./broker_types.ts";
import type { Page } from "../browser/browser.ts";

const MAX_OUTPUT = 1024 * 1024;
const MAX_PAGES = 8;
const MAX_SCREENSHOTS = 20;
const MAX_TEXT = 256 * 1024;

const waitMs = z.object({ timeoutMs: timeout.optional() });
const selector = z.string().min(1).max(1_000);
const onPage = z.object({ page: z.number().int() });

const fetchParams = z.object({
  url: z.string().max(8_000),
  method: z.string().regex(/^[A-Z]{1,20}$/).default("GET"),
  headers: z.array(z.tuple([z.string().max(200), z.string().max(16_000)])).max(100).default([]),
  /** Base64. */
  body: z.string().optional(),
  timeoutMs: timeout.default(30_000),
});
const execParams = z.object({
  service: z.string(),
  argv: z.array(z.string().max(MAX_TEXT)).min(1).max(200),
  stdin: z.string().max(MAX_BODY).optional(),
  timeoutMs: timeout.default(60_000),
});

const handParams = z.object({
  name: z.string().regex(
    /^[A-Za-z][\w-]{0,63}$/,
    "must begin with a letter and hold letters, digits, - and _ only",
  ),
  value: z.string().min(1, "must not be empty").max(64 * 1024),
  secret: z.boolean().default(false),
});

/** What answers each call of the kit, by the call's name. */
export const brokerMethods: Record<string, Handler> = {
  ...tcpMethods,
  fetch: method(fetchParams, async (params, { options, signal }) => {
    const url = runUrl(params.url, options);
    const body = params.body === undefined ? undefined : Uint8Array.fromBase64(params.body);
    const headers = params.headers.filter(([name]) => !/^(host|content-length|connection)$/i.test(name));
    const through = ingressFetch(options.ingress, { timeoutMs: params.timeoutMs, maxBytes: MAX_BODY });
    const response = await through(url, {
      method: params.method,
      headers,
      signal,
      redirect: "manual",
      ...(body === undefined ? {} : { body }),
    });
    return {
      url: response.url,
      status: response.status,
      headers: [...response.headers],
      body: new Uint8Array(await response.arrayBuffer()).toBase64(),
    };
  }),

  exec: method(execParams, async ({ service, argv, stdin, timeoutMs }, { options, signal }) => {
    if (options.exec === undefined) {
      throw new BrokerError(
        "broker.exec",
        "Tests that a recipe brings cannot run commands in its containers",
      );
    }
    if (!options.services.includes(service)) {
      throw new BrokerError(
        "broker.service",
        `The app has no service "${service}"; it has ${options.services.join(", ")}`,
      );
    }
    const result = await options.exec(service, argv, {
      timeoutMs,
      signal,
      ...(stdin === undefined ? {} : { stdin }),
    });
    return {
      code: result.code,
      stdout: whole(result.stdout, {
        most: MAX_OUTPUT,
        what: `"${argv[0]}" prints`,
        less: "let it print less",
      }),
      stderr: result.stderr.length <= MAX_OUTPUT
        ? result.stderr
        : `… (the beginning was left out)\n${result.stderr.slice(-MAX_OUTPUT)}`,
    };
  }),

  secret: method(z.object({ name: z.string() }), ({ name }, { options }) => {
    const secrets = options.secrets ?? {};
    const value = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
    if (value !== undefined) return Promise.resolve(value);
    throw new BrokerError("broker.secret", `No secret "${name}" was generated for this app`);
  }),

  hand: method(handParams, ({ name, value, secret }, { options }) => {
    if (options.hand === undefined) {
      throw new BrokerError("broker.hand", "Only setup.ts can hand values on");
    }
    options.hand(name, { value, secret });
    return Promise.resolve();
  }),

  handed: method(z.object({ name: z.string() }), ({ name }, { options }) => {
    const values = options.handed ?? {};
    const found = Object.hasOwn(values, name) ? values[name] : undefined;
    if (found !== undefined) return Promise.resolve(found.value);
    const names = Object.keys(values);
    const has = names.length === 0 ? "nothing" : names.join(", ");
    throw new BrokerError(
      "broker.handed",
      `No "${name}" was handed on for this app; setup.ts handed on ${has}`,
    );
  }),

  orphans: method(
    z.object({}),
    (_, { options: { orphans = [] } }) =>
      Promise.resolve(orphans.map(({ neededBy, handed }) => ({
        neededBy,
        handed: Object.fromEntries(Object.entries(handed).map(([name, { value }]) => [name, value])),
      }))),
  ),

  "page.open": method(z.object({}), async (_, state) => {
    const { options, pages, signal } = state;
    if (options.browser === undefined) {
      throw new BrokerError("broker.browser", "No browser is installed where this test runs");
    }
    if (pages.size >= MAX_PAGES) {
      throw new BrokerError("broker.limit", `A test may have ${MAX_PAGES} pages open`);
    }
    const page = await options.browser.page();
    if (signal.aborted) {
      await page[Symbol.asyncDispose]();
      signal.throwIfAborted();
    }
    const id = ++state.pagesOpened;
    pages.set(id, page);
    return id;
  }),

  "page.goto": method(onPage.extend({ url: z.string().max(8_000), ...waitMs.shape }), (params, state) => {
    const url = runUrl(params.url, state.options);
    return pageOf(params, state).goto(url, waiting(params));
  }),
  "page.url": method(onPage, (params, state) => Promise.resolve(pageOf(params, state).url())),
  "page.title": method(onPage, (params, state) => pageOf(params, state).title()),
  "page.text": method(onPage.extend({ selector: selector.optional() }), async (params, state) => {
    const text = await pageOf(params, state).text(params.selector);
    return whole(text, { most: MAX_TEXT, what: "The text is", less: "name a smaller part of the page" });
  }),
  "page.fill": method(
    onPage.extend({ selector, text: z.string().max(MAX_TEXT), ...waitMs.shape }),
    (params, state) => pageOf(params, state).fill(params.selector, params.text, waiting(params)),
  ),
  "page.click": method(
    onPage.extend({ selector, ...waitMs.shape }),
    (params, state) => pageOf(params, state).click(params.selector, waiting(params)),
  ),
  "page.waitFor": method(
    z.union([
      onPage.extend({ selector, ...waitMs.shape }),
      onPage.extend({ text: z.string().min(1).max(MAX_TEXT), ...waitMs.shape }),
    ]),
    (params, state) => pageOf(params, state).waitFor(params, waiting(params)),
  ),
  "page.screenshot": method(
    onPage.extend({ name: z.string(), fullPage: z.boolean().optional() }),
    async (params, state) => {
      if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(params.name)) {
        throw new BrokerError(
          "broker.screenshot",
          `A screenshot cannot be called "${params.name}": small letters, digits and - only, 40 at most`,
        );
      }
      const file = `${state.options.screenshotPrefix ?? ""}${params.name}.png`;
      const known = state.screenshots.includes(file);
      if (!known && state.screenshots.length >= MAX_SCREENSHOTS) {
        throw new BrokerError("broker.limit", `A test may take ${MAX_SCREENSHOTS} screenshots`);
      }
      await pageOf(params, state).screenshot(join(state.options.screenshotsDir, file), {
        fullPage: params.fullPage ?? false,
      });
      if (!known) state.screenshots.push(file);
    },
  ),
  "page.close": method(onPage, async (params, state) => {
    await pageOf(params, state)[Symbol.asyncDispose]();
    state.pages.delete(params.page);
  }),
  "page.consoleErrors": method(
    onPage,
    (params, state) => Promise.resolve(pageOf(params, state).consoleErrors),
  ),
};

/** Returns the address if it belongs to the run. @throws {BrokerError} if it does not */
function runUrl(text: string, options: BrokerOptions): string {
  const url = URL.canParse(text, options.app.url) ? new URL(text, options.app.url) : undefined;
  const isWeb = url?.protocol === "https:" ||
    (url?.protocol === "http:" && options.ingress.http !== undefined);
  const allowed = url !== undefined && isWeb && options.domains.includes(url.hostname) && url.port === "" &&
    url.username === "" && url.password === "";
  if (allowed) return url.href;
  throw new BrokerError(
    "broker.domain",
    `A test cannot reach "${text.slice(0, 200)}", only https://${options.domains.join(", https://")}`,
  );
}

function pageOf({ page }: { page: number }, { pages }: BrokerState): Page {
  const found = pages.get(page);
  if (found === undefined) throw new BrokerError("broker.request", "There is no such page");
  return found;
}

function waiting({ timeoutMs }: { timeoutMs?: number | undefined }): { timeoutMs?: number } {
  return timeoutMs === undefined ? {} : { timeoutMs };
}
