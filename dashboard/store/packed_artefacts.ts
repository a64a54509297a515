/** Text below this size is not worth packing; pictures are packed already. */
const WORTH_IT = 1024;

/** Where an artefact lies once it is packed. No artefact can have this name itself. */
export function packedArtefact(path: string): string {
  return `${path}.gz`;
}

/** Packs an artefact, unless it is a picture or small. One that is replaced meanwhile is left as it is. */
export async function packArtefact(path: string): Promise<void> {
  const before = Deno.statSync(path);
  if (path.endsWith(".png") || before.size < WORTH_IT) return;
  const draft = `${packedArtefact(path)}.draft`;
  {
    const from = await Deno.open(path);
    const to = await Deno.open(draft, { create: true, truncate: true, write: true });
    await from.readable.pipeThrough(new CompressionStream("gzip")).pipeTo(to.writable);
  }
  const after = Deno.statSync(path);
  if (after.size !== before.size || after.mtime?.getTime() !== before.mtime?.getTime()) {
    return Deno.removeSync(draft);
  }
  Deno.renameSync(draft, packedArtefact(path));
  Deno.removeSync(path);
}
