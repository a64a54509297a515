import { Interrupted } from "../host/errors.ts";
import { writeError } from "../../common/output.ts";

const keys = { interrupt: "\u0003", end: "\u0004", erase: ["\u007f", "\b"] };

/** Reads a line that nobody may look at: what comes in by a pipe, or what is typed, without showing it. */
export async function readHidden(question: string): Promise<string> {
  if (!Deno.stdin.isTerminal()) return (await new Response(Deno.stdin.readable).text()).trim();
  Deno.stdin.setRaw(true); // before the question: who answers at once is not shown either
  try {
    writeError(`${question}: `);
    return await typedLine();
  } finally {
    Deno.stdin.setRaw(false);
    writeError("\n");
  }
}

async function typedLine(): Promise<string> {
  let typed = "";
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1024);
  for (;;) {
    const length = await Deno.stdin.read(buffer);
    if (length === null) return typed.trim();
    for (const key of decoder.decode(buffer.subarray(0, length), { stream: true })) {
      if (key === keys.interrupt) {
        throw new Interrupted("Ctrl-C", { hint: "Nothing was changed; start it again." });
      }
      if (key === "\r" || key === "\n" || key === keys.end) return typed.trim();
      typed = keys.erase.includes(key) ? typed.slice(0, -1) : typed + key;
    }
  }
}
