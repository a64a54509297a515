import { StackError } from "../host/errors.ts";

export interface LoginOptions {
  /** Addresses of the two, as reached from here. */
  forge: string;
  drone: string;
  user: { name: string; password: string };
  /** The forge's OAuth application that Drone is. */
  clientId: string;
  /** @default globalThis.fetch */
  fetch?: typeof fetch;
}

const mostSteps = 8;

/**
 * Logs somebody in to Drone as a browser would: through the forge's log-in page and its consent page, which is
 * answered with yes. Drone thereby gets its own token for that account.
 * @returns the account's token at Drone
 * @throws {StackError} naming the page that did not answer as expected
 */
export async function logIn({ forge, drone, user, clientId, ...options }: LoginOptions): Promise<string> {
  const fetch = options.fetch ?? globalThis.fetch;
  /** Cookies by server. A browser keeps them by host, and both servers may have the same. */
  const cookies = { [forge]: new Map<string, string>(), [drone]: new Map<string, string>() };

  async function visit(url: string, form?: Record<string, string>): Promise<Response> {
    const jar = url.startsWith(drone) ? cookies[drone] : cookies[forge];
    const response = await fetch(url, {
      method: form === undefined ? "GET" : "POST",
      redirect: "manual",
      headers: { cookie: [...jar ?? []].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
      signal: AbortSignal.timeout(30_000),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      jar?.set(name, value);
    }
    return response;
  }

  const entered = await visit(`${forge}/user/login`, { user_name: user.name, password: user.password });
  await entered.body?.cancel();
  if (entered.status !== 303 && entered.status !== 302) {
    throw new StackError(`Could not log in as "${user.name}": the forge answered ${entered.status}`);
  }
  let page = await visit(`${drone}/login`);
  for (let step = 0; step < mostSteps; step++) {
    const target = page.headers.get("location");
    await page.body?.cancel();
    if (target === null) {
      throw new StackError(`Could not log in at Drone: a page answered ${page.status} and led nowhere`);
    }
    const url = new URL(target, forge);
    const ours = url.pathname === "/login" && url.searchParams.has("code");
    if (ours) {
      const done = await visit(`${drone}${url.pathname}${url.search}`);
      await done.body?.cancel();
      return await tokenOf();
    }
    if (url.searchParams.has("error")) {
      throw new StackError(`Could not log in at Drone: the forge said "${url.searchParams.get("error")}"`);
    }
    page = await visit(`${forge}${url.pathname}${url.search}`);
    if (page.status !== 200) continue;
    await page.body?.cancel();
    page = await visit(`${forge}/login/oauth/grant`, {
      client_id: clientId,
      state: url.searchParams.get("state") ?? "",
      scope: url.searchParams.get("scope") ?? "",
      nonce: "",
      redirect_uri: url.searchParams.get("redirect_uri") ?? "",
      granted: "true",
    });
  }
  throw new StackError("Could not log in at Drone: too many redirects");

  async function tokenOf(): Promise<string> {
    const response = await visit(`${drone}/api/user/token`, {});
    const body: unknown = await response.json().catch(() => null);
    if (response.status === 200 && typeof body === "object" && body !== null && "token" in body) {
      if (typeof body.token === "string" && body.token !== "") return body.token;
    }
    throw new StackError(`Could not log in at Drone: it answered ${response.status} without a token`);
  }
}
