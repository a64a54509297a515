/** Pictures made on the spot, so that no binary files lie about. */

type Colour = [red: number, green: number, blue: number];

/** A PNG that looks like some app's page from afar; `plain`, like what differs between two. The same seed gives the same. */
export async function appPicture(
  seed: number,
  size: { width: number; height: number; plain?: boolean } = { width: 640, height: 400 },
): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height } = size;
  const pixels = new Uint8Array((width * 3 + 1) * height);
  const hue = (seed * 67) % 360;
  const dark = seed % 4 === 3;
  const accent = fromHue(hue, 0.62, dark ? 0.6 : 0.42);
  const ground: Colour = dark ? [28, 31, 38] : [250, 250, 248];
  const ink: Colour = dark ? [70, 76, 88] : [219, 221, 224];
  const fill = (x: number, y: number, w: number, h: number, colour: Colour) => {
    const stripe = new Uint8Array(3 * Math.max(0, Math.min(width, x + w) - x));
    for (let at = 0; at < stripe.length; at++) stripe[at] = colour[at % 3] ?? 0;
    for (let row = y; row < Math.min(height, y + h); row++) {
      pixels.set(stripe, row * (width * 3 + 1) + 1 + x * 3);
    }
  };
  fill(0, 0, width, height, ground);
  if (size.plain) {
    for (let at = 0; at < 9; at++) fill(180, 120 + at * 28, 200, 11, [235, 235, 233]);
    fill(180, 176, 230, 11, [214, 39, 40]);
    return await encode(pixels, size);
  }
  fill(0, 0, width, 44, accent);
  fill(20, 14, 90, 16, ground);
  if (seed % 2 === 0) {
    fill(0, 44, 150, height, dark ? [36, 40, 48] : [240, 241, 243]);
    for (let at = 0; at < 6; at++) fill(20, 70 + at * 30, 70 + (seed * 13 + at * 29) % 45, 10, ink);
  }
  const left = seed % 2 === 0 ? 180 : 60;
  fill(left, 76, 220, 22, accent);
  for (let at = 0; at < 9; at++) {
    fill(left, 120 + at * 28, 200 + (seed * 41 + at * 83) % (width - left - 240), 11, ink);
  }
  return await encode(pixels, size);
}

async function encode(
  rows: Uint8Array<ArrayBuffer>,
  { width, height }: { width: number; height: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  new Uint8Array(header.buffer).set([8, 2, 0, 0, 0], 8);
  const packed = new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"));
  const data = new Uint8Array(await new Response(packed).arrayBuffer());
  const parts = [
    new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", new Uint8Array(header.buffer)),
    chunk("IDAT", data),
    chunk("IEND", new Uint8Array()),
  ];
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(data.length + 8, crc(bytes.subarray(4, data.length + 8)));
  return bytes;
}

function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? value >>> 1 ^ 0xedb88320 : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}

function fromHue(hue: number, saturation: number, lightness: number): Colour {
  const part = (shift: number) => {
    const at = (shift + hue / 30) % 12;
    const swing = saturation * Math.min(lightness, 1 - lightness);
    return Math.round(255 * (lightness - swing * Math.max(-1, Math.min(at - 3, 9 - at, 1))));
  };
  return [part(0), part(8), part(4)];
}
