import assert from "node:assert/strict";
import { doorProblem, doorsOf } from "./registry_doors.ts";

const url = new URL("https://registry.example.org/v2/");

Deno.test("an answer tells where it sends to, whatever its form", () => {
  const doors = (headers: Record<string, string>) => doorsOf(url, new Headers(headers)).map(({ to }) => to);
  assert.deepEqual(doors({}), []);
  assert.deepEqual(doors({ location: "/other" }), ["https://registry.example.org/other"]);
  assert.deepEqual(doors({ "www-authenticate": 'Bearer realm="http://a.example.org/t",service="x"' }), [
    "http://a.example.org/t",
  ]);
  assert.deepEqual(
    doors({ "www-authenticate": 'Basic realm="Members", bearer REALM = http://127.0.0.1:80/t, scope=y' }),
    ["http://127.0.0.1:80/t"],
  );
});

Deno.test("a registry that does not answer is nobody's fault", async () => {
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = closed.addr as Deno.NetAddr;
  closed.close();
  const judge = () => Promise.resolve({ addresses: ["127.0.0.1"] });
  assert.equal(await doorProblem(`registry.example.org:${port}`, { judge }), null);
});

Deno.test("a registry that sends round in circles comes to an end", async () => {
  let asked = 0;
  const problem = await doorProblem("registry.example.org", {
    judge: () => Promise.resolve({ addresses: ["93.184.216.34"] }),
    ask: (url) => Promise.resolve([{ to: `${url.href}${asked++}`, why: "redirect" }]),
  });
  assert.deepEqual([problem, asked], [null, 4]);
});
