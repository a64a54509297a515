import { equal } from "node:assert/strict";
import { eventually, test } from "cc-ci";
import { Voice } from "./voice.ts";

test("the server knows the channels of the restored database", async () => {
  // It is started anew by the restore.
  const { channels } = await eventually(() => Voice.connect("app"));
  equal(channels.some((name) => name !== "Root"), true, channels.join(", "));
});
