import { type Blob, blob, listOf, MANIFEST, type TinyImage, tinyImage } from "./tiny_image.ts";

type Answer = Response | undefined | Promise<Response | undefined>;

/** What a repository answers otherwise than a registry should; nothing: what it should. */
type Fault = (asked: { path: string; image: TinyImage; end: Promise<void> }) => Answer;

function refusal(
  status: number,
  error: { code: string; message: string },
  headers: Record<string, string> = {},
): Response {
  return Response.json({ errors: [error] }, { status, headers });
}

function sent(content: Blob & { type?: string }): Response {
  return new Response(content.bytes, {
    headers: {
      "content-type": content.type ?? "application/octet-stream",
      "content-length": String(content.bytes.length),
      "docker-content-digest": content.digest,
    },
  });
}

const atLayer = (answer: (image: TinyImage) => Response): Fault => ({ path, image }) =>
  path.endsWith(image.layer.digest) ? answer(image) : undefined;

const limit = { code: "TOOMANYREQUESTS", message: "You have reached your pull rate limit" };
const HUB_WORDS =
  "You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit";

/** Answers in the shapes that real registries and what stands before them give, each a repository of its name. */
const faults = {
  // Docker Hub beyond its limit.
  "hub-limit": () => refusal(429, { ...limit, message: HUB_WORDS }, { "retry-after": "3600" }),
  // GitHub's registry says in its words how long to wait.
  "words-limit": () => refusal(429, { ...limit, message: "retry-after: 1.5s, allowed: 44000/minute" }),
  "plain-limit": () => new Response("Too Many Requests", { status: 429, headers: { "retry-after": "2" } }),
  // A proxy registry hands on what the one behind it says, under a status of its own.
  "hidden-limit": () =>
    refusal(404, {
      code: "MANIFEST_UNKNOWN",
      message: "toomanyrequests: You have reached your pull rate limit",
    }),
  unavailable: () => new Response("<html>503 Service Unavailable</html>", { status: 503 }),
  broken: () => refusal(500, { code: "UNKNOWN", message: "unknown error" }),
  "bad-gateway": () => new Response("Bad Gateway", { status: 502 }),
  denied: () => refusal(403, { code: "DENIED", message: "requested access to the resource is denied" }),
  "not-json": ({ path }) =>
    path.includes("/manifests/")
      ? new Response("<html>hello</html>", { headers: { "content-type": "text/html" } })
      : undefined,
  silent: ({ path, end }) => path.includes("/manifests/") ? end.then(() => undefined) : undefined,
  "lying-manifest": ({ path, image }) =>
    path.endsWith(image.manifest.digest)
      ? sent({ ...blob(`${new TextDecoder().decode(image.manifest.bytes)}\n`), type: MANIFEST })
      : undefined,
  "lying-layer": atLayer(() => sent(blob("not the layer"))),
  "half-layer": atLayer((image) =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(image.layer.bytes.slice(0, image.layer.bytes.length / 2));
          controller.close();
        },
      }),
    )
  ),
  "cut-layer": atLayer((image) =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(image.layer.bytes.slice(0, image.layer.bytes.length / 2));
          controller.close();
        },
      }),
      { headers: { "content-length": String(image.layer.bytes.length) } },
    )
  ),
  "no-layer": atLayer(() => refusal(404, { code: "BLOB_UNKNOWN", message: "blob unknown to registry" })),
  "layer-limit": atLayer(() => refusal(429, { ...limit, message: "Rate exceeded" })),
  "layer-unavailable": atLayer(() => new Response("", { status: 503 })),
} satisfies Record<string, Fault>;

/** A registry in which every repository has the fault of its name, and `sound` has none. */
export function faultyRegistry(): { host: string } & AsyncDisposable {
  const end = Promise.withResolvers<void>();
  const images = new Map<string, TinyImage>();
  const answer = async (request: Request): Promise<Response> => {
    const path = new URL(request.url).pathname;
    if (path === "/v2/") return Response.json({});
    const name = /^\/v2\/([^/]+)\//.exec(path)?.[1] ?? "";
    const fault: Fault | undefined = Object.entries(faults).find(([one]) => one === name)?.[1];
    if (fault === undefined && name !== "sound") {
      return refusal(404, { code: "NAME_UNKNOWN", message: "repository name not known to registry" });
    }
    const image = images.get(name) ?? await tinyImage(name, { bytes: 200_000 });
    images.set(name, image);
    const given = await fault?.({ path, image, end: end.promise });
    if (given !== undefined) return given;
    const list = listOf(image, image.architecture);
    const contents = [image.layer, image.config, image.manifest, list];
    const found = contents.find(({ digest }) => path.endsWith(digest)) ??
      (path.endsWith("/manifests/latest") ? list : undefined);
    return found === undefined
      ? refusal(404, { code: "MANIFEST_UNKNOWN", message: "manifest unknown" })
      : sent(found);
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  return {
    host: `127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: async () => {
      end.resolve();
      await server.shutdown();
    },
  };
}

/** Repositories that have a fault. */
export const faultNames = Object.keys(faults);
