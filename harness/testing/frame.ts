import { Buffer } from "node:buffer";

/** Output of a command as the Engine sends it. @param stream 1 is standard output, 2 standard error */
export function frame(stream: 1 | 2, text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
}
