import { type Connection, secret, tcp } from "cc-ci";

/** Types of messages that are used here, of Mumble's protocol. */
const VERSION = 0, AUTHENTICATE = 2, REJECT = 4, SERVER_SYNC = 5, CHANNEL_STATE = 7, DENIED = 12;

type Fields = [number: number, value: number | string][];

/** A client that has logged in as the administrator. It speaks, and hears no voices. */
export class Voice {
  /** Release that the server says it is. */
  release = "";
  /** Names of the channels that the server has told of. */
  readonly channels: string[] = [];
  #received = new Uint8Array();

  private constructor(readonly connection: Connection) {}

  /** @param target service or domain @param password by default that of the administrator */
  static async connect(target: string, password?: string): Promise<Voice> {
    const voice = new Voice(await tcp(target, 64738, { tls: true }));
    await voice.#send(VERSION, [[1, 0x010304], [2, "cc-ci"]]);
    const known = password ?? await secret("superuser_password");
    await voice.#send(AUTHENTICATE, [[1, "SuperUser"], [2, known], [5, 1]]);
    await voice.#receiveUntil((type) => type === SERVER_SYNC);
    return voice;
  }

  async addChannel(name: string): Promise<void> {
    await this.#send(CHANNEL_STATE, [[2, 0], [3, name]]);
    await this.#receiveUntil(() => this.channels.includes(name));
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  async #send(type: number, fields: Fields): Promise<void> {
    const payload = fields.flatMap(([number, value]) => {
      if (typeof value === "number") return [number << 3, ...varint(value)];
      const bytes = new TextEncoder().encode(value);
      return [number << 3 | 2, ...varint(bytes.length), ...bytes];
    });
    const head = new DataView(new ArrayBuffer(6));
    head.setUint16(0, type);
    head.setUint32(2, payload.length);
    await this.connection.write(new Uint8Array([...new Uint8Array(head.buffer), ...payload]));
  }

  async #receiveUntil(over: (type: number) => boolean): Promise<void> {
    while (true) {
      const { type, payload } = await this.#receive();
      if (type === REJECT || type === DENIED) throw new Error(`Mumble refused: ${texts(payload).join(" ")}`);
      if (type === VERSION) this.release = texts(payload)[0] ?? "";
      if (type === CHANNEL_STATE) this.channels.push(texts(payload)[0] ?? "");
      if (over(type)) return;
    }
  }

  async #receive(): Promise<{ type: number; payload: Uint8Array }> {
    const has = async (length: number) => {
      while (this.#received.length < length) {
        const more = await this.connection.readBytes();
        if (more.length === 0) throw new Error("Mumble closed the connection");
        this.#received = new Uint8Array([...this.#received, ...more]);
      }
    };
    await has(6);
    const head = new DataView(this.#received.buffer);
    const type = head.getUint16(0), end = 6 + head.getUint32(2);
    await has(end);
    const payload = this.#received.slice(6, end);
    this.#received = this.#received.slice(end);
    return { type, payload };
  }
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [value & 127 | 128, ...varint(value >>> 7)];
}

/** The texts in a message, in the order of its fields. */
function texts(payload: Uint8Array): string[] {
  const found: string[] = [];
  for (let at = 0; at < payload.length;) {
    const read = () => {
      let value = 0;
      for (let shift = 0; shift < 64; shift += 7) {
        const byte = payload[at++] ?? 0;
        value += (byte & 127) * 2 ** shift;
        if (byte < 128) break;
      }
      return value;
    };
    const kind = read() % 8;
    if (kind === 0) read();
    else if (kind === 2) {
      const length = read();
      found.push(new TextDecoder().decode(payload.slice(at, at + length)));
      at += length;
    } else throw new Error(`A field of kind ${kind} is none of Mumble's`);
  }
  return found;
}
