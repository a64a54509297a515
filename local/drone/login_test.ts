import assert from "node:assert/strict";
import { StackError } from "../host/errors.ts";
import { logIn } from "./login.ts";

const forge = "http://127.0.0.1:3180";
const drone = "http://127.0.0.1:3183";
const authorize = "/login/oauth/authorize?client_id=app&redirect_uri=https%3A%2F%2Fd%2Flogin&state=s1";

function redirect(location: string, cookie?: string): Response {
  const headers = new Headers({ location });
  if (cookie !== undefined) headers.append("set-cookie", `${cookie}; Path=/; HttpOnly; Secure`);
  return new Response(null, { status: 303, headers });
}

/** The two servers' pages as they really answer. */
function pages(options: { granted: boolean; password?: string }) {
  const asked: string[] = [];
  let { granted } = options;
  const answer: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const at = `${request.method} ${url.origin === forge ? "forge" : "drone"} ${url.pathname}`;
    asked.push(at);
    const cookie = request.headers.get("cookie") ?? "";
    switch (at) {
      case "POST forge /user/login": {
        const right = new URLSearchParams(await request.text()).get("password") === (options.password ?? "p");
        return right ? redirect("/", "i_like_gitea=1") : new Response("wrong", { status: 200 });
      }
      case "GET drone /login":
        if (url.searchParams.get("code") === "c1") return redirect("/", "_session_=2");
        return redirect(`https://git.example${authorize}`, "_oauth_state_=s1");
      case "GET forge /login/oauth/authorize":
        assert.equal(cookie, "i_like_gitea=1", "cookies stay with their server");
        return granted ? redirect("https://drone.example/login?code=c1&state=s1") : new Response("consent?");
      case "POST forge /login/oauth/grant": {
        const form = new URLSearchParams(await request.text());
        assert.deepEqual([form.get("client_id"), form.get("state"), form.get("granted")], [
          "app",
          "s1",
          "true",
        ]);
        granted = true;
        return redirect("https://drone.example/login?code=c1&state=s1");
      }
      case "POST drone /api/user/token":
        assert.match(cookie, /_session_=2/);
        return Response.json({ login: "cc-ci", token: "theirs" });
      default:
        return new Response("", { status: 404 });
    }
  };
  return { asked, fetch: answer };
}

const options = { forge, drone, user: { name: "cc-ci", password: "p" }, clientId: "app" };

Deno.test("a log-in goes through the forge's pages, with consent asked for or given before", async () => {
  const first = pages({ granted: false });
  assert.equal(await logIn({ ...options, fetch: first.fetch }), "theirs");
  assert.ok(first.asked.includes("POST forge /login/oauth/grant"));
  const second = pages({ granted: true });
  assert.equal(await logIn({ ...options, fetch: second.fetch }), "theirs");
  assert.ok(!second.asked.includes("POST forge /login/oauth/grant"));
});

Deno.test("a log-in with a wrong password says so", async () => {
  const { fetch } = pages({ granted: true, password: "other" });
  await assert.rejects(logIn({ ...options, fetch }), (error) => {
    assert.ok(error instanceof StackError);
    assert.match(error.message, /as "cc-ci": the forge answered 200/);
    return true;
  });
});
