import { equal } from "node:assert/strict";
import { eventually, test } from "cc-ci";
import { Voice } from "./voice.ts";

test("the server knows the channels of the restored database", async () => {
  // It is started anew by the restore, and its port answers for Docker before it answers for itself.
  const { channels } = await eventually(() => Voice.connect("app"), { seconds: 120 });
  equal(channels.some((name) => name !== "Root"), true, channels.join(", "));
});
