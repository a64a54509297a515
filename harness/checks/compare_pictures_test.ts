import assert from "node:assert/strict";
// @ts-types="@types/pngjs"
import { PNG } from "pngjs";
import { Buffer } from "node:buffer";
import { comparePictures } from "./compare_pictures.ts";

/** A grey picture with a black rectangle of `[left, top, width, height]` in it. */
function picture(
  [width, height]: [number, number],
  [left, top, wide, high]: [number, number, number, number] = [0, 0, 0, 0],
): Uint8Array {
  const png = new PNG({ width, height });
  png.data.fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = x >= left && x < left + wide && y >= top && y < top + high;
      png.data.fill(inside ? 0 : 128, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  return PNG.sync.write(png);
}

Deno.test("equal pictures differ in nothing", () => {
  assert.equal(comparePictures(picture([20, 10]), picture([20, 10])).changed, 0);
});

Deno.test("the share of changed pixels is told, and they are red", () => {
  const { changed, difference } = comparePictures(picture([20, 10]), picture([20, 10], [5, 0, 10, 10]));
  assert.equal(changed, 0.5);
  const { data } = PNG.sync.read(Buffer.from(difference));
  assert.deepEqual([...data.subarray(10 * 4, 10 * 4 + 3)], [214, 40, 40]);
  assert.notDeepEqual([...data.subarray(0, 3)], [214, 40, 40]);
});

Deno.test("a page that grew or shrank is compared all the same", () => {
  for (
    const pair of [[picture([20, 10]), picture([20, 20])], [picture([20, 20]), picture([20, 10])]] as const
  ) {
    assert.equal(comparePictures(...pair).changed, 0.5);
  }
  const tallAndWide = comparePictures(picture([20, 10]), picture([10, 20]));
  assert.equal(tallAndWide.changed, 0.75);
});

Deno.test("what is no picture is refused", () => {
  assert.throws(() => comparePictures(new Uint8Array([1, 2, 3]), picture([2, 2])));
});
