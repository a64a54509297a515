import assert from "node:assert/strict";
import type { ComposeFile } from "../recipe/compose.ts";
import { checkRegistries, type Resolve, UnresolvedRegistry } from "./images.ts";

/** What is found of images when names resolve so, and the registry sends its callers to `token.example.org`. */
async function judge(
  resolve: Resolve,
  { image = "registry.example.org/x:1", to = "https://token.example.org/", own = [] as string[] } = {},
): Promise<string[]> {
  const doc = { services: { app: { image } } };
  const file: ComposeFile = { path: "compose.yml", doc, raw: doc, lineOf: () => 1 };
  const found: string[] = [];
  await checkRegistries(file, {
    report: (_rule, _path, { message }) => void found.push(message),
    resolve,
    own,
    ask: () => Promise.resolve([{ to, why: "token" }]),
  });
  return found;
}

function fails(code: string): Promise<never> {
  return Promise.reject(Object.assign(new Error(`getaddrinfo ${code} x.example.org`), { code }));
}

for (const failing of ["registry.example.org", "token.example.org"]) {
  const resolve = (code: string) => (host: string) =>
    host === failing ? fails(code) : Promise.resolve(["93.184.216.34"]);

  Deno.test(`a name that is nobody's is the recipe's: ${failing}`, async () => {
    for (const code of ["ENOTFOUND", "ENODATA"]) {
      const [message = "", ...more] = await judge(resolve(code));
      assert.match(message, /has no address that could be looked at$/);
      assert.deepEqual(more, []);
    }
  });

  Deno.test(`a resolver that does not answer is the host's: ${failing}`, async () => {
    for (const code of ["EAI_AGAIN", "EAI_FAIL", "ETIMEOUT", "ESERVFAIL"]) {
      await assert.rejects(judge(resolve(code)), (error: Error) => {
        assert.ok(error instanceof UnresolvedRegistry, String(error));
        assert.equal(error.message, `This host could not look up "${failing}": nobody answered for it`);
        assert.match(error.detail ?? "", new RegExp(code));
        return true;
      });
    }
  });
}

Deno.test("a registry on this host is one for everybody at the port for everybody, and at no other", async () => {
  const address = "93.184.216.34";
  const resolve = () => Promise.resolve([address]);
  const own = [address];
  const image = "registry.example.org:5000/x:1";
  const to = "https://token.example.org:5000/";
  const problem = /is this host, at a port that is not for everybody$/;
  assert.deepEqual(await judge(resolve, { own }), []);
  assert.deepEqual(await judge(resolve, { image, to }), []);
  assert.match((await judge(resolve, { own, image })).join(), problem);
  assert.match((await judge(resolve, { own, to })).join(), problem);
});
