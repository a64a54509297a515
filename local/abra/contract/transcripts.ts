import { join } from "node:path";
import type { ExecResult } from "../../../common/exec.ts";
import { UsageError } from "../../../common/errors.ts";
import { commandOf, maskSecrets, type Transcript } from "../../../harness/abra/transcript.ts";
import { SECRET_LENGTH } from "./fixture.ts";

/** Collects the calls of one run of the contract. */
export class Transcripts {
  readonly #origin: Transcript["origin"];
  readonly #abra: string;
  readonly #neutral: (text: string) => string;
  readonly #calls: Transcript[] = [];
  /** What the calls that come next are about. */
  about = "";

  /**
   * @param of.abra what `abra --version` says
   * @param of.neutral takes out of a text what differs between two runs, or tells of the machine
   */
  constructor(
    of: { origin: Transcript["origin"]; abra: string; neutral: (text: string) => string },
  ) {
    this.#origin = of.origin;
    this.#abra = of.abra;
    this.#neutral = of.neutral;
  }

  add(command: readonly string[], call: { result: ExecResult; terminal: Transcript["terminal"] }): void {
    const { result: { code, stdout, stderr }, terminal } = call;
    const lines = (text: string) => text === "" ? [] : this.#neutral(text).replace(/\n$/, "").split("\n");
    this.#calls.push({
      origin: this.#origin,
      abra: this.#abra,
      about: this.about,
      command: command.map(this.#neutral),
      exitCode: code,
      terminal,
      stdout: lines(stdout),
      stderr: lines(stderr),
    });
  }

  /** Writes a file for each call, secrets masked, in the order of the calls. @returns how many */
  async write(folder: string): Promise<number> {
    const calls = maskSecrets(this.#calls, { secretLength: SECRET_LENGTH });
    for (const [index, call] of calls.entries()) {
      const name = `${String(index + 1).padStart(3, "0")} ${commandOf(call) || "abra"}`.replaceAll(" ", "-");
      await Deno.writeTextFile(join(folder, `${name}.json`), `${JSON.stringify(call, null, 2)}\n`);
    }
    return calls.length;
  }
}

/** Makes a folder for transcripts. @throws {UsageError} if it holds something: two runs in one folder are of no use */
export async function emptyFolder(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
  for await (const { name } of Deno.readDir(path)) {
    throw new UsageError(`The folder "${path}" for transcripts is not empty: it holds "${name}"`, {
      hint: "Name a folder that is empty or does not exist",
    });
  }
}
