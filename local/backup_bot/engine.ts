import { CcciError } from "../../common/errors.ts";
import type { Service } from "./labels.ts";

/** The bot could not do what it was asked. */
export class BotError extends CcciError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super("backup-bot.failed", message, options);
  }
}

/** What the bot needs of the Docker Engine. */
export interface Engine {
  services(): Promise<Service[]>;
  /** The newest running container of a service, if one runs; while a service is updated there may be two. */
  containerOf(service: string): Promise<{ id: string; name: string } | undefined>;
  /** Runs a command in a container. Both of its streams come as one text. */
  exec(container: string, argv: string[]): Promise<{ code: number; output: string }>;
}

/** The engine behind a socket. */
export function engineAt(socket: string): Engine & Disposable {
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  async function ask(path: string, body?: unknown): Promise<Response> {
    const response = await fetch(`http://docker${path}`, {
      client,
      ...(body === undefined ? {} : {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      }),
    });
    if (response.ok) return response;
    throw new BotError(`The Docker Engine refused ${path}: ${(await response.text()).trim()}`);
  }
  return {
    [Symbol.dispose]: () => client.close(),
    async services() {
      return await (await ask("/services")).json();
    },
    async containerOf(service) {
      const filters = JSON.stringify({
        label: [`com.docker.swarm.service.name=${service}`],
        status: ["running"],
      });
      const found: { Id: string; Names: string[]; Created: number }[] = await (await ask(
        `/containers/json?filters=${encodeURIComponent(filters)}`,
      )).json();
      const [newest] = found.toSorted((a, b) => b.Created - a.Created);
      return newest === undefined
        ? undefined
        : { id: newest.Id, name: (newest.Names[0] ?? newest.Id).replace(/^\//, "") };
    },
    async exec(container, argv) {
      const made = await ask(`/containers/${container}/exec`, {
        AttachStdout: true,
        AttachStderr: true,
        Cmd: argv,
      });
      const { Id }: { Id: string } = await made.json();
      const started = await ask(`/exec/${Id}/start`, { Detach: false, Tty: false });
      const output = demultiplex(new Uint8Array(await started.arrayBuffer()));
      const { ExitCode }: { ExitCode: number | null } = await (await ask(`/exec/${Id}/json`)).json();
      return { code: ExitCode ?? -1, output };
    },
  };
}

/** Text out of Docker's frames: 4 bytes that name the stream, 4 bytes of length, the payload. */
export function demultiplex(frames: Uint8Array): string {
  const decoder = new TextDecoder();
  const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
  let text = "";
  for (let at = 0; at + 8 <= frames.length;) {
    const length = view.getUint32(at + 4);
    text += decoder.decode(frames.subarray(at + 8, at + 8 + length), { stream: true });
    at += 8 + length;
  }
  return text + decoder.decode();
}
