import { Buffer } from "node:buffer";
import { createCipheriv, createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

/** Something that a registry keeps under its digest. */
export interface Blob {
  digest: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** An image of one small file, as a registry keeps it. */
export interface TinyImage {
  layer: Blob;
  config: Blob;
  manifest: Blob & { type: string };
  /** What machine it is for, as Docker calls that. */
  architecture: string;
}

export const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
export const LIST = "application/vnd.docker.distribution.manifest.list.v2+json";

/** @param options.bytes of content that does not get smaller by compression @default 20 */
export async function tinyImage(
  text: string,
  options: { bytes?: number; architecture?: string } = {},
): Promise<TinyImage> {
  const content = Buffer.concat([Buffer.from(text), noise(text, options.bytes ?? 20)]);
  const tar = pack();
  tar.entry({ name: "content", mtime: new Date(0) }, content);
  tar.finalize();
  const plain = Buffer.concat(await Array.fromAsync(tar as AsyncIterable<Buffer>));
  const layer = blob(gzipSync(plain));
  const architecture = options.architecture ?? { x86_64: "amd64", aarch64: "arm64" }[Deno.build.arch];
  const config = blob(JSON.stringify({
    architecture,
    os: "linux",
    created: "2026-01-01T00:00:00Z",
    config: { Cmd: ["/content"] },
    rootfs: { type: "layers", diff_ids: [blob(plain).digest] },
    history: [{ created: "2026-01-01T00:00:00Z", created_by: text }],
  }));
  const manifest = blob(JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: {
      mediaType: "application/vnd.docker.container.image.v1+json",
      size: config.bytes.length,
      digest: config.digest,
    },
    layers: [{
      mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip",
      size: layer.bytes.length,
      digest: layer.digest,
    }],
  }));
  return { layer, config, manifest: { ...manifest, type: MANIFEST }, architecture };
}

/** A list of one image, which says for which machine that is. */
export function listOf(image: TinyImage, architecture: string): Blob & { type: string } {
  const { digest, bytes, type: mediaType } = image.manifest;
  const platform = { architecture, os: "linux" };
  const manifests = [{ mediaType, digest, size: bytes.length, platform }];
  return { ...blob(JSON.stringify({ schemaVersion: 2, mediaType: LIST, manifests })), type: LIST };
}

export function blob(content: string | Uint8Array): Blob {
  const bytes = new Uint8Array(Buffer.from(content));
  return { bytes, digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}` };
}

/** Bytes that look random and are the same for the same seed. */
function noise(seed: string, bytes: number): Uint8Array {
  const key = createHash("sha256").update(seed).digest();
  const cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  return Buffer.concat([cipher.update(Buffer.alloc(bytes)), cipher.final()]);
}
