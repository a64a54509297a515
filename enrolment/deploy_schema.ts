// @ts-types="@types/semver/ranges/valid"
import validRange from "semver/ranges/valid.js";
import * as z from "zod";
import { HOST, servicesOfCommands } from "../common/recipe_commands.ts";

const NAME = /^[A-Za-z_][\w-]*$/;
const SERVICE = /^[A-Za-z0-9_][\w.-]*$/;

/** An image as Docker names them: host and port, path in small letters, tag or digest. */
const IMAGE =
  /^(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::\w[\w.-]*|@sha256:[0-9a-f]{64}|:\w[\w.-]*@sha256:[0-9a-f]{64})$/;

/** `after_deploy`: functions of `abra.sh`, written as abra's own settings have them. */
export const afterDeploy = z.array(
  z.string().refine((said) => {
    const [first = "", second] = said.trim().split(/\s+/);
    return second === undefined ? NAME.test(first) : SERVICE.test(first) && NAME.test(second);
  }, "must be a function of abra.sh, or a service, a function and its arguments").refine(
    (said) => !/\s/.test(said.trim()) || servicesOfCommands(said)[0] !== HOST,
    `names "${HOST}", which abra takes for the host that deploys, and for no service`,
  ),
).default([]).describe(
  "Functions of `abra.sh` that are run once a new app has started: a function for service `app`, or a service, a " +
    "function and its arguments",
).meta({ examples: [["create_admin", "worker prepare ci"]] });

/** `files`: what lies in a volume before the app starts for the first time. */
export const files = z.array(z.strictObject({
  volume: z.string().regex(/^[a-zA-Z0-9][\w.-]*$/, "must be a volume's name")
    .describe("Volume of `compose.yml`").meta({ examples: ["content"] }),
  path: z.string().regex(
    /^(?!\/)(?!.*(^|\/)\.\.?(\/|$)).*[^/]$/,
    "must be a path below the volume's root, without a slash at its beginning or end",
  ).describe("Path below the volume's root").meta({ examples: ["site/index.html"] }),
  content: z.string().describe(
    "What is in the file. `{domain}` and `{domain.<name>}` stand for the app's domains",
  )
    .meta({ examples: ["<h1>Hello</h1>"] }),
})).superRefine((files, context) => {
  for (const [at, { volume, path }] of files.entries()) {
    const before = files.slice(0, at).filter((one) => one.volume === volume);
    const clashes = before.some((one) => one.path === path)
      ? "is there already: each file stands once"
      : before.some((one) => one.path.startsWith(`${path}/`) || path.startsWith(`${one.path}/`))
      ? "is a file here and a folder in another entry"
      : null;
    if (clashes !== null) context.addIssue({ code: "custom", path: [at, "path"], message: clashes });
  }
}).default([]).describe("Files that lie in a volume before the app starts for the first time")
  .meta({ examples: [[{ volume: "content", path: "index.html", content: "<h1>Hello</h1>" }]] });
export type VolumeFile = z.infer<typeof files>[number];

const service = z.string().regex(/^[a-zA-Z0-9][\w.-]*$/, "must be a service's name");

/** `grace`: longer first starts. */
export const grace = z.record(service, z.number().int("must be a whole number").min(1).max(7_200)).default({})
  .describe(
    "Seconds that a service has to start before its health check may end it, where the recipe gives it less",
  ).meta({ examples: [{ db: 1200 }] });

/** `upgrade_from`: the published versions that people run before the commit reaches them. */
export const upgradeFrom = z.array(
  z.string().regex(
    /^(newest|\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+.+)?)$/,
    'must be "newest", or a published version such as "2.0.0+1.1"',
  ),
).min(1).default(["newest"]).describe(
  "Published versions from which the upgrade is tried, one after the other and each on a new app: `newest` is the " +
    "newest one before the commit. One that is no older than the commit is left out",
).meta({ examples: [["newest", "2.0.0+1.1"]] });

/** `base`: what is done for the published version alone. */
export const base = z.strictObject({
  repair: z.array(z.strictObject({
    service: service.describe("Service of the published version").meta({ examples: ["db"] }),
    image: z.string().regex(IMAGE, 'must be an image with its tag, such as "postgres:15.4"').describe(
      "Image that it runs instead of its own",
    ).meta({
      examples: ["postgres:15.4"],
    }),
    versions: z.string().refine(
      (range) => range.trim() !== "" && validRange(range, { loose: true }) !== null,
      {
        message: 'must be a range of versions, such as "<1.2.0"',
      },
    ).describe(
      "Versions of the recipe for which this is so, as npm writes ranges; what follows a + does not count",
    )
      .meta({ examples: ["<1.2.0"] }),
  })).default([]).describe("Images of the published version that are not to be had any more")
    .meta({ examples: [[{ service: "db", image: "postgres:15.4", versions: "<1.2.0" }]] }),
}).prefault({}).describe("What is done for the published version alone");
