import * as z from "zod";

const place = z.string().regex(
  /^[a-zA-Z0-9][\w.-]*\/(?!\/)(?!(.*\/)?\.\.?(\/|$)).*[^/]$/,
  "must be a volume of compose.yml, a slash, and a path below the volume's root",
);

/** `backup`: what a backup has to hold, and how often it may be tried. */
export const backup = z.strictObject({
  expect: z.array(place).default([]).describe(
    "Paths that the snapshot has to hold: a volume of `compose.yml`, a slash, a path below the volume's root",
  ).meta({ examples: [["db/backup.sql"]] }),
  retry: z.boolean().default(false)
    .describe("Whether a backup that fails may be made a second time, which keeps the run from level 5")
    .meta({ examples: [true] }),
}).prefault({}).describe("What a backup has to hold");
