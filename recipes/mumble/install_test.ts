import { equal, match, rejects } from "node:assert/strict";
import { domain, page, test } from "cc-ci";
import { Voice } from "./voice.ts";

test("a client gets in by the port that is published, and makes a channel", async () => {
  const voice = await Voice.connect(domain());
  match(voice.release, /^1\.3\.4/);
  await voice.addChannel("Kitchen");
  await voice.close();
  const later = await Voice.connect(domain());
  equal(later.channels.includes("Kitchen"), true, later.channels.join(", "));
});

test("a wrong password is refused", async () => {
  await rejects(Voice.connect(domain(), "wrong"), /Mumble refused/);
});

test("the page says which version answers", async () => {
  const shown = await page("/");
  await shown.waitFor({ selector: ".up" });
  match(await shown.text("#state"), /version 1\.3\.4/);
});
