import pixelmatch from "pixelmatch";
// @ts-types="@types/pngjs"
import { PNG } from "pngjs";
import { Buffer } from "node:buffer";

/** How much a pixel's colour may differ, from 0 to 1, and still count as the same. */
const TOLERANCE = 0.1;
/** Pale areas become small without a search for the best filter of each line, which takes most of the time. */
const WRITTEN = { filterType: 0 } as const;

/**
 * Compares two PNG pictures, which may differ in size: an area that only one of them covers counts as changed. Smoothed
 * edges of letters do not count.
 * @returns the share of changed pixels, and a PNG with them in red (edges: pale red) over a pale `before`
 * @throws {Error} when one is no PNG
 */
export function comparePictures(
  before: Uint8Array,
  after: Uint8Array,
): { changed: number; difference: Uint8Array } {
  const first = read(before);
  // Most upgrades change nothing that is seen.
  const pictures = [first, same(before, after) ? first : read(after)] as const;
  const width = Math.max(...pictures.map((one) => one.width));
  const height = Math.max(...pictures.map((one) => one.height));
  const [old, now] = [
    onCanvas(pictures[0], { width, height, grey: 0 }),
    onCanvas(pictures[1], { width, height, grey: 255 }),
  ];
  const difference = new PNG({ width, height });
  const count = pixelmatch(old.data, now.data, difference.data, width, height, {
    threshold: TOLERANCE,
    alpha: 0.25,
    diffColor: [214, 40, 40],
    aaColor: [240, 170, 170],
  });
  return { changed: count / (width * height), difference: PNG.sync.write(difference, WRITTEN) };
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.from(one.buffer, one.byteOffset, one.byteLength).equals(other);
}

function read(bytes: Uint8Array): PNG {
  return PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/**
 * The picture at the top left of a larger canvas. The two pictures get canvases of different grey, so that the added
 * areas differ.
 */
function onCanvas(picture: PNG, canvas: { width: number; height: number; grey: number }): PNG {
  const { width, height, grey } = canvas;
  if (picture.width === width && picture.height === height) return picture;
  const larger = new PNG({ width, height });
  larger.data.fill(grey);
  for (let at = 3; at < larger.data.length; at += 4) larger.data[at] = 255;
  PNG.bitblt(picture, larger, 0, 0, picture.width, picture.height, 0, 0);
  return larger;
}
