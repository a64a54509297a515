import { equal, match, rejects } from "node:assert/strict";
import { domain, fetch, test } from "cc-ci";
import { Client } from "./chat.ts";

test("the account that the one-shot service made can log in, and keeps what it is told", async () => {
  const client = await Client.logIn();
  await client.keepNote("first", "remember the milk");
  match(await (await Client.logIn()).note("first"), /remember the milk/);
});

test("a wrong password is refused", async () => {
  await rejects(Client.logIn("wrong"), /not-authorized/);
});

test("a file that was sent is read at the second domain", async () => {
  const address = await (await Client.logIn()).upload("hello.txt", "Sent by cc-ci");
  equal(new URL(address).hostname, domain("upload"));
  const read = await fetch(address);
  equal(read.status, 200);
  equal(await read.text(), "Sent by cc-ci");
});
