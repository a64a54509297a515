import { seed } from "cc-ci";
import { Voice } from "./voice.ts";

seed(async (marker) => {
  const voice = await Voice.connect("app");
  await voice.addChannel(marker);
  await voice.close();
});
