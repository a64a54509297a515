import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import * as z from "zod";
import { describeError } from "../../common/errors.ts";
import { StackError } from "../host/errors.ts";

/** A file in an image, and where it goes. */
export interface WantedFile {
  /** Paths without a leading slash, of which the image has one: folders may be links to others. */
  paths: string[];
  to: string;
}

interface Wish {
  wanted: WantedFile[];
  /** Addresses that are asked one after the other until one has the whole image. */
  registries: string[];
  signal: AbortSignal;
}

const ONE_IMAGE = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];
const SEVERAL = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];
const ACCEPT = [...ONE_IMAGE, ...SEVERAL].join(", ");
const ARCHITECTURES = { x86_64: "amd64", aarch64: "arm64" };

const list = z.object({
  manifests: z.array(z.object({
    digest: z.string(),
    platform: z.object({ os: z.string(), architecture: z.string() }).optional(),
  })),
});
const manifest = z.object({ layers: z.array(z.object({ digest: z.string(), mediaType: z.string() })) });
const granted = z.object({ token: z.string().optional(), access_token: z.string().optional() });

/**
 * Takes files out of an image as a registry has it, for this machine's processor. No engine has to run; what arrives is
 * compared with its digest, as an engine does.
 * @param image a name without a registry, and an exact tag, e.g. `gitea/gitea:1.26.0`
 * @throws {StackError} naming what each registry said
 */
export async function fetchFiles(image: string, { wanted, registries, signal }: Wish): Promise<void> {
  const troubles: string[] = [];
  for (const registry of registries) {
    try {
      return await new Repository(registry, { image, signal }).take(wanted);
    } catch (error) {
      signal.throwIfAborted();
      troubles.push(`${new URL(registry).host} ${describeError(error)}`);
    }
  }
  throw new StackError(`Could not fetch "${image}": ${troubles.join("; ")}`);
}

/** One repository of a registry, read by whoever may. */
class Repository {
  readonly #registry: string;
  readonly #name: string;
  readonly #tag: string;
  readonly #signal: AbortSignal;
  #token: string | undefined;

  constructor(registry: string, { image, signal }: { image: string; signal: AbortSignal }) {
    const [name = "", tag = ""] = image.split(":");
    this.#registry = registry;
    this.#name = name.includes("/") ? name : `library/${name}`;
    this.#tag = tag;
    this.#signal = signal;
  }

  async take(wanted: WantedFile[]): Promise<void> {
    const missing = new Set(wanted);
    // What a later layer has stands in the place of what an earlier one has.
    for (const layer of (await this.#layers()).toReversed()) {
      for (const file of await this.#takeFrom(layer, missing)) missing.delete(file);
      if (missing.size === 0) return;
    }
    throw new Error(`has no ${[...missing].map(({ paths }) => `"${paths[0]}"`).join(", ")} in it`);
  }

  async #layers() {
    const first = await this.#manifest(this.#tag);
    if (!SEVERAL.includes(first.type)) return manifest.parse(first.content).layers;
    const architecture = ARCHITECTURES[Deno.build.arch];
    const fits = list.parse(first.content).manifests.find(({ platform }) =>
      platform?.os === "linux" && platform.architecture === architecture
    );
    if (fits === undefined) throw new Error(`has it for other machines only, not for ${architecture}`);
    return manifest.parse((await this.#manifest(fits.digest)).content).layers;
  }

  async #manifest(version: string): Promise<{ type: string; content: unknown }> {
    const answer = await this.#get(`manifests/${version}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (version !== this.#tag) requireDigest(createHash("sha256").update(bytes).digest("hex"), version);
    const type = answer.headers.get("content-type")?.split(";")[0] ?? "";
    return { type, content: JSON.parse(new TextDecoder().decode(bytes)) };
  }

  /** @returns what the layer had */
  async #takeFrom(
    { digest, mediaType }: { digest: string; mediaType: string },
    missing: ReadonlySet<WantedFile>,
  ): Promise<WantedFile[]> {
    if (!mediaType.endsWith("gzip")) throw new Error(`has a layer of the kind "${mediaType}"`);
    const { body } = await this.#get(`blobs/${digest}`);
    const hash = createHash("sha256");
    async function* hashed() {
      for await (const chunk of body ?? []) {
        hash.update(chunk);
        yield chunk;
      }
    }
    const archive = extract();
    const found: WantedFile[] = [];
    const reading = (async () => {
      for await (const entry of archive) {
        const { name, type, mode } = entry.header;
        const path = name.replace(/^\.?\//, "");
        const file = type === "file" ? [...missing].find(({ paths }) => paths.includes(path)) : undefined;
        if (file === undefined) {
          entry.resume();
          continue;
        }
        await pipeline(entry as unknown as NodeJS.ReadableStream, createWriteStream(file.to, { mode }));
        found.push(file);
      }
    })();
    const arriving = pipeline(
      Readable.from(hashed()),
      createGunzip(),
      archive as unknown as NodeJS.WritableStream,
    );
    await Promise.all([arriving, reading]);
    requireDigest(hash.digest("hex"), digest);
    return found;
  }

  async #get(path: string): Promise<Response> {
    const url = new URL(`/v2/${this.#name}/${path}`, this.#registry);
    const ask = () =>
      fetch(url, {
        headers: {
          accept: ACCEPT,
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        },
        signal: this.#signal,
      });
    let answer = await ask();
    const challenge = answer.headers.get("www-authenticate") ?? "";
    if (answer.status === 401 && this.#token === undefined && /^Bearer /i.test(challenge)) {
      await answer.body?.cancel();
      this.#token = await this.#askToken(challenge);
      answer = await ask();
    }
    if (answer.ok) return answer;
    await answer.body?.cancel();
    throw new Error(`answered ${answer.status} for ${path}`);
  }

  /** Registries give a token to anybody for what anybody may read. */
  async #askToken(challenge: string): Promise<string> {
    const said = new Map(
      challenge.matchAll(/(\w+)="([^"]*)"/g).map(([, key = "", value = ""]) => [key, value]),
    );
    const url = new URL(said.get("realm") ?? "");
    url.searchParams.set("service", said.get("service") ?? "");
    url.searchParams.set("scope", `repository:${this.#name}:pull`);
    const answer = await fetch(url, { signal: this.#signal });
    if (!answer.ok) throw new Error(`gave no token: ${answer.status}`);
    const { token, access_token } = granted.parse(await answer.json());
    return token ?? access_token ?? "";
  }
}

function requireDigest(hex: string, digest: string): void {
  if (`sha256:${hex}` !== digest) throw new Error(`sent something else than ${digest.slice(0, 19)}`);
}
