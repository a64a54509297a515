import { seed } from "cc-ci";
import { makeCalendar, putEvent } from "./calendar.ts";

seed(async (marker) => {
  await makeCalendar("seeded");
  await putEvent("seeded", { uid: "marker", summary: marker });
});
