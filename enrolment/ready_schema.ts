import * as z from "zod";

// The proxy in front of an app answers with these itself, and nothing tells its answer from the app's for certain.
const status = z.number().int("must be a whole number").min(200).max(599).refine(
  (status) => ![502, 503, 504].includes(status),
  "must be a status that only the app gives: 502, 503 and 504 are the proxy's own",
);

/** One status, or several of which each will do. */
export const statuses = z.union([status, z.array(status).min(1)])
  .transform((said) => typeof said === "number" ? [said] : said);

/** One of them. */
export const readyCondition = z.strictObject({
  path: z.string().startsWith("/", 'must begin with "/"').optional()
    .describe("Path of a page that has to answer").meta({ examples: ["/ping"] }),
  domain: z.string().min(1).optional()
    .describe("Which of `extra_domains` the page is of; the app's own domain without it")
    .meta({ examples: ["files"] }),
  status: statuses.optional().describe(
    "Status of that answer, or several of which each will do; 200 without it",
  )
    .meta({ examples: [204] }),
  service: z.string().regex(/^[a-zA-Z0-9][\w.-]*$/, "must be a service's name").optional()
    .describe("Service of the recipe that has to take connections").meta({ examples: ["app"] }),
  tcp: z.number().int("must be a whole number").min(1).max(65_535).optional()
    .describe("Port of its container for these").meta({ examples: [64738] }),
  stable: z.number().int("must be a whole number").min(1).max(60).optional()
    .describe("How many times in a row it has to come true, a second apart; once without it")
    .meta({ examples: [5] }),
  only: z.enum(["head", "base"]).optional().describe(
    "The condition is for the commit under test (`head`) or for the published version (`base`) alone",
  ).meta({ examples: ["head"] }),
}).superRefine(({ path, domain, status, service, tcp }, context) => {
  if ((path === undefined) === (service === undefined)) {
    return context.addIssue('must say one of "path" and "service"');
  }
  if (service !== undefined && tcp === undefined) {
    context.addIssue('must say "tcp", the port, beside "service"');
  }
  const stray = path === undefined
    ? Object.entries({ domain, status }).find(([, value]) => value !== undefined)?.[0]
    : tcp === undefined
    ? undefined
    : "tcp";
  if (stray !== undefined) {
    context.addIssue(`says "${stray}", which goes with "${path === undefined ? "path" : "service"}" only`);
  }
});
export type ReadyCondition = z.infer<typeof readyCondition>;

/** `ready`: what has to come true after the app's own health. */
export const ready = z.array(readyCondition).default([])
  .describe("What has to come true, after `health`, before the app counts as ready")
  .meta({ examples: [[{ path: "/api/ready", status: 204 }, { service: "app", tcp: 64738, stable: 5 }]] });
