import * as z from "zod";

const NAME = /^[A-Za-z_][\w-]*$/;
const SERVICE = /^[A-Za-z0-9_][\w.-]*$/;

/** `after_deploy`: functions of `abra.sh`, written as abra's own settings have them. */
export const afterDeploy = z.array(
  z.string().refine((said) => {
    const [first = "", second] = said.trim().split(/\s+/);
    return second === undefined ? NAME.test(first) : SERVICE.test(first) && NAME.test(second);
  }, "must be a function of abra.sh, or a service, a function and its arguments"),
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
})).default([]).describe("Files that lie in a volume before the app starts for the first time")
  .meta({ examples: [[{ volume: "content", path: "index.html", content: "<h1>Hello</h1>" }]] });
export type VolumeFile = z.infer<typeof files>[number];
