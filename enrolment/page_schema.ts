import * as z from "zod";

const selector = z.string().min(1);

/** `page`: which page of the app a browser looks at, and when it is all there. */
export const page = z.strictObject({
  path: z.string().startsWith("/", 'must begin with "/"').optional().describe(
    "Path that the browser opens, and that has to answer with a status of success; `health.path` without it",
  ).meta({ examples: ["/login"] }),
  ready: selector.optional()
    .describe(
      "CSS selector of what a visitor must see on the page before it is judged; 20 s are waited for it",
    )
    .meta({ examples: ["main h1"] }),
  gone: selector.optional()
    .describe(
      "CSS selector of what a visitor must not see any more before it is judged, a spinner for example",
    )
    .meta({ examples: [".loading"] }),
  none: z.string().min(1).optional().describe(
    "Why there is no page to open, for an app that no browser is meant for. None is opened then, which costs no level",
  )
    .meta({ examples: ["it is an API for other programs"] }),
}).superRefine(({ none, ...rest }, context) => {
  if (none !== undefined && Object.keys(rest).length > 0) {
    context.addIssue('says "none", which goes with nothing else');
  }
}).prefault({}).describe("The page that a browser looks at");
