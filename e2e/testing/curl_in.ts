import type { Machine } from "./machine.ts";

/**
 * A `fetch` that connects from within a machine, by the names and the authorities that hold there. A redirect is
 * returned to the caller and not followed.
 */
export function curlIn(machine: Machine): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const headers = [...request.headers].flatMap(([name, value]) => ["--header", `${name}: ${value}`]);
    const body = request.body === null ? undefined : await request.text();
    const { success, stdout, stderr } = await machine.try([
      ...["curl", "--silent", "--show-error", "--include", "--max-time", "60", "--http1.1"],
      ...["--header", "expect:", "--request", request.method, ...headers],
      ...(body === undefined ? [] : ["--data-binary", "@-"]),
      request.url,
    ], { ...(body === undefined ? {} : { input: body }), timeoutMs: 90_000, maxBytes: 20_000_000 });
    if (!success) throw new TypeError(`Could not ask ${request.url}: ${stderr.trim()}`);
    const end = stdout.indexOf("\r\n\r\n");
    const [first = "", ...lines] = stdout.slice(0, end).split("\r\n");
    const status = Number(first.split(" ")[1]);
    const answered = new Headers();
    for (const line of lines) {
      const at = line.indexOf(":");
      answered.append(line.slice(0, at), line.slice(at + 1).trim());
    }
    const bodiless = status === 204 || status === 304;
    return new Response(bodiless ? null : stdout.slice(end + 4), { status, headers: answered });
  };
}
