import { equal } from "node:assert/strict";
import { test } from "cc-ci";
import { Voice } from "./voice.ts";

test("the channels of before the upgrade are there", async () => {
  const { channels } = await Voice.connect("app");
  equal(channels.some((name) => name !== "Root"), true, channels.join(", "));
});
