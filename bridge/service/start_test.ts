import assert from "node:assert/strict";
import { CcciError } from "../../common/errors.ts";
import { exec } from "../../common/exec.ts";
import { startCommand } from "../../programs/start.ts";
import { refuseWrong } from "./start.ts";

Deno.test("what is wrong outside of the bridge ends it in a way after which it is started again", () => {
  refuseWrong([{ kind: "away", text: "The forge is away" }]);
  assert.throws(
    () => refuseWrong(["No repository", "Two clocks"].map((text) => ({ kind: "wrong", text }))),
    (error) =>
      error instanceof CcciError && error.code === "bridge.not-ready" && /No.*\nTwo/.test(error.message),
  );
});

/** How the bridge ends with these settings, and a forge that answers each call with this status. */
async function ending({ status, more = {} }: { status: number; more?: Record<string, string> }) {
  await using forge = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    ({ url }) =>
      url.endsWith("/version")
        ? Response.json({ version: "1.26.0" })
        : Response.json({ message: "no" }, { status }),
  );
  const state = await Deno.makeTempDir();
  try {
    const address = `127.0.0.1:${forge.addr.port}`;
    const env = {
      CCCI_FORGE_URL: `http://${address}`,
      CCCI_FORGE_TOKEN: "token",
      CCCI_MEMBERS_ORG: "recipes",
      CCCI_RECIPES: state,
      CCCI_STATE: state,
      ...more,
    };
    const places = { net: [address, "127.0.0.1:3182"], read: [state], write: [state] };
    return await exec([...startCommand("bridge", { set: "bridge-local", places })], {
      env,
      timeoutMs: 30_000,
    });
  } finally {
    await Deno.remove(state, { recursive: true });
  }
}

Deno.test("a forge that does not know the token ends the bridge with 1, and a setting that is wrong with 2", async () => {
  const unknown = await ending({ status: 401 });
  assert.match(unknown.stderr, /The forge does not know the token/);
  assert.equal(unknown.code, 1);
  const wrong = await ending({ status: 401, more: { CCCI_CAPACITY: "none" } });
  assert.match(wrong.stderr, /CAPACITY/);
  assert.equal(wrong.code, 2);
});
