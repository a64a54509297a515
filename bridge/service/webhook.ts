import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { verify } from "@octokit/webhooks-methods";
import * as z from "zod";
import { logger } from "../../common/log.ts";
import { repoName } from "../../protocol/params.ts";

const log = logger("bridge", "webhook");

/** A payload holds the comment and twice the repository; what is longer is left to the poll. */
const longestBody = 1024 * 1024;

/** What the bridge reads of a delivery: the place alone. It reads what was said there from the forge itself. */
const delivery = z.object({
  action: z.enum(["created", "edited"]),
  is_pull: z.boolean().optional(),
  issue: z.object({ number: z.number().int().positive() }),
  repository: z.object({ full_name: repoName }),
  sender: z.object({ id: z.number().int() }),
});

export interface WebhookOptions {
  /** Secret shared with the forge; without it every delivery is refused. */
  secret: string | null;
  /** Number of our own account: what we write ourselves we need not read. */
  ownId(): number | null;
  /** Somebody wrote on this pull request. Must return at once. */
  ring(place: { repo: string; pr: number }): void;
  /** Somebody pushed to some repository. Must return at once. */
  ringPush(): void;
}

/**
 * `POST /hook`: a doorbell for the poll. A delivery says where to look and nothing else, so that one that is
 * repeated, replayed or late does no harm. Only HMAC-SHA256 over the raw body is taken.
 */
export function webhookRoutes({ secret, ownId, ring, ringPush }: WebhookOptions): Hono {
  const app = new Hono();
  const tooLong = bodyLimit({
    maxSize: longestBody,
    onError: (c) => c.json({ message: "The body is too long" }, 413),
  });
  app.post("/hook", tooLong, async (c) => {
    if (secret === null) return c.json({ message: "No secret is configured for webhooks" }, 403);
    const header = (name: string) => c.req.header(name) ?? "";
    const type = header("content-type").split(";")[0]?.trim().toLowerCase();
    if (type !== "application/json") {
      return c.json({ message: 'The content type must be "application/json"' }, 415);
    }
    const body = await c.req.text();
    const hex = header("x-gitea-signature") || header("x-forgejo-signature");
    const signature = header("x-hub-signature-256") || (hex === "" ? "" : `sha256=${hex}`);
    if (!/^sha256=[0-9a-f]{64}$/.test(signature) || !await verify(secret, body, signature)) {
      log.warn("refused a delivery without a good signature", { delivery: header("x-gitea-delivery") });
      return c.json({ message: "The signature is missing or wrong" }, 401);
    }
    const event = header("x-gitea-event") || header("x-forgejo-event") || header("x-github-event");
    if (event === "push") {
      ringPush();
      return c.json({ message: "Looking" }, 202);
    }
    const place = event === "issue_comment" ? placeOf(body, ownId()) : null;
    if (place === null) return c.body(null, 204);
    log.debug("rung", place);
    ring(place);
    return c.json({ message: "Looking" }, 202);
  });
  return app;
}

/** Pull request on which a comment was written, if that is what the delivery says. */
function placeOf(body: string, ownId: number | null): { repo: string; pr: number } | null {
  try {
    const { is_pull, issue, repository, sender } = delivery.parse(JSON.parse(body));
    if (is_pull !== true || sender.id === ownId) return null;
    return { repo: repository.full_name, pr: issue.number };
  } catch {
    return null;
  }
}
