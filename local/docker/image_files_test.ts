import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { faultyRegistry } from "../../e2e/testing/faulty_registry.ts";
import { blob, LIST, MANIFEST } from "../../e2e/testing/tiny_image.ts";
import { fetchFiles } from "./image_files.ts";

const { signal } = new AbortController();
const architecture = { x86_64: "amd64", aarch64: "arm64" }[Deno.build.arch];

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function layerOf(files: Record<string, string>) {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) {
    if (content.startsWith("-> ")) tar.entry({ name, type: "symlink", linkname: content.slice(3) });
    else tar.entry({ name, mode: 0o755 }, content);
  }
  tar.finalize();
  return blob(gzipSync(Buffer.concat(await Array.fromAsync(tar as AsyncIterable<Buffer>))));
}

/** A registry with one image of these layers, the first at the bottom, which wants a token as Docker Hub does. */
async function registryOf(
  layers: Record<string, string>[],
  options: { architecture?: string; kind?: string } = {},
) {
  const made = await Promise.all(layers.map(layerOf));
  const kind = options.kind ?? "application/vnd.docker.image.rootfs.diff.tar.gzip";
  const manifest = blob(JSON.stringify({
    layers: made.map(({ digest }) => ({ mediaType: kind, digest })),
  }));
  const list = blob(JSON.stringify({
    manifests: [{
      digest: manifest.digest,
      platform: { os: "linux", architecture: options.architecture ?? architecture },
    }],
  }));
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname, searchParams, origin } = new URL(request.url);
    if (pathname === "/token") {
      return Response.json({ token: `for ${searchParams.get("scope")} at ${searchParams.get("service")}` });
    }
    if (request.headers.get("authorization") !== "Bearer for repository:library/thing:pull at here") {
      const realm = `Bearer realm="${origin}/token",service="here",scope="repository:library/thing:pull"`;
      return new Response("", { status: 401, headers: { "www-authenticate": realm } });
    }
    const what = pathname.replace(/^\/v2\/library\/thing\//, "");
    asked.push(what.split("/")[0] ?? "");
    if (what === "manifests/1.2") return sent(list, LIST);
    if (what === `manifests/${manifest.digest}`) return sent(manifest, MANIFEST);
    const layer = made.find(({ digest }) => what === `blobs/${digest}`);
    return layer === undefined ? new Response("", { status: 404 }) : sent(layer, "application/octet-stream");
  });
  return {
    address: `http://127.0.0.1:${server.addr.port}`,
    asked,
    [Symbol.asyncDispose]: async () => await server.shutdown(),
  };
}

function sent({ bytes }: { bytes: Uint8Array<ArrayBuffer> }, type: string): Response {
  return new Response(bytes, { headers: { "content-type": type } });
}

Deno.test("files come out of an image as its last layer has them, with their mode, and no layer more is fetched", () =>
  inFolder(async (folder) => {
    await using registry = await registryOf([
      { "never/asked": "for" },
      { "usr/lib/loader": "the loader", "app/program": "old" },
      { "./app/program": "new", "lib/loader": "-> elsewhere" },
    ]);
    const [program, loader] = [join(folder, "program"), join(folder, "loader")];
    await fetchFiles("thing:1.2", {
      wanted: [
        { paths: ["app/program"], to: program },
        { paths: ["lib/loader", "usr/lib/loader"], to: loader },
      ],
      registries: [registry.address],
      signal,
    });
    assert.deepEqual([await Deno.readTextFile(program), await Deno.readTextFile(loader)], [
      "new",
      "the loader",
    ]);
    assert.equal(((await Deno.stat(program)).mode ?? 0) & 0o777, 0o755);
    assert.deepEqual(registry.asked, ["manifests", "manifests", "blobs", "blobs"]);
  }));

Deno.test("the next registry is asked where one does not have it, and all are named where none has", () =>
  inFolder(async (folder) => {
    await using empty = await registryOf([]);
    await using full = await registryOf([{ "a": "b" }]);
    const to = join(folder, "a");
    const wanted = [{ paths: ["a"], to }];
    await fetchFiles("thing:1.2", { wanted, registries: [empty.address, full.address], signal });
    assert.equal(await Deno.readTextFile(to), "b");
    const host = (one: { address: string }) => new URL(one.address).host;
    await assert.rejects(
      fetchFiles("thing:9", { wanted, registries: [empty.address, full.address], signal }),
      {
        message: `Could not fetch "thing:9": ${host(empty)} answered 404 for manifests/9; ` +
          `${host(full)} answered 404 for manifests/9`,
      },
    );
    await assert.rejects(
      fetchFiles("thing:1.2", { wanted, registries: [empty.address], signal }),
      /has no "a" in it$/,
    );
  }));

Deno.test("an image for another machine, or of layers in another form, is refused", () =>
  inFolder(async (folder) => {
    const wanted = [{ paths: ["a"], to: join(folder, "a") }];
    const fetched = async (options: { architecture?: string; kind?: string }) => {
      await using registry = await registryOf([{ "a": "b" }], options);
      await fetchFiles("thing:1.2", { wanted, registries: [registry.address], signal });
    };
    await fetched({});
    await assert.rejects(
      fetched({ architecture: "s390x" }),
      /has it for other machines only, not for (amd|arm)64/,
    );
    await assert.rejects(fetched({ kind: "application/vnd.oci.image.layer.v1.tar+zstd" }), /"[^"]+\+zstd"/);
  }));

Deno.test("what a registry answers wrongly is not taken for the image", () =>
  inFolder(async (folder) => {
    await using registry = faultyRegistry();
    const get = (name: string) =>
      fetchFiles(`${name}/image:latest`, {
        wanted: [{ paths: ["content"], to: join(folder, name) }],
        registries: [`http://${registry.host}`],
        signal,
      });
    await get("sound");
    assert.match(await Deno.readTextFile(join(folder, "sound")), /^sound/);
    const said = async (name: string) => await get(name).then(() => "", (error: Error) => error.message);
    assert.match(await said("hub-limit"), /answered 429 for manifests\/latest$/);
    assert.match(await said("lying-manifest"), /sent something else than sha256:/);
    assert.match(await said("lying-layer"), /incorrect header check|sent something else/);
    assert.match(await said("no-layer"), /answered 404 for blobs\//);
    for (const name of ["half-layer", "cut-layer", "not-json", "unavailable", "broken", "denied"]) {
      assert.match(await said(name), /^Could not fetch "/, name);
    }
  }));
