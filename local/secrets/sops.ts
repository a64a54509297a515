import { basename, dirname, join } from "node:path";
import { CcciError, UsageError } from "../../common/errors.ts";
import { exec, type ExecOptions, type ExecResult } from "../../common/exec.ts";
import { FileLock } from "../../common/file_lock.ts";
import { readOutside } from "./secrets_file.ts";

/** Exit codes of sops, from its `cmd/sops/codes`. */
const CODES = { noKey: 128, changedByOthers: [24, 25, 51, 52], notEdited: 200, editorFailed: 201 };
/** sops would go by the ending of a file's name, which may be any. */
const FORMAT = ["--input-type=yaml", "--output-type=yaml"];

/** A file of secrets could not be read or written. */
export class SecretsError extends CcciError {
  constructor(message: string, options: { cause?: unknown; hint: string }) {
    super("secrets", message, options);
  }
}

/** By which key a file is decrypted: the host's, or one that somebody has just typed in. */
export type Key = { host: string } | { identity: string };

export interface SopsOptions {
  /** The program. */
  program: string;
  /** A private SSH key, whose public half lies beside it. */
  hostKey: string;
}

/**
 * Calls sops. No value and no key is ever part of a command line: they go through standard input, and a key that
 * somebody typed in through the environment of the one process that decrypts, which only its owner can read.
 */
export class Sops {
  readonly #program: string;
  readonly hostKey: string;

  constructor({ program, hostKey }: SopsOptions) {
    this.#program = program;
    this.hostKey = hostKey;
  }

  /** The public half of the host's key: kind and key, without the comment. */
  async hostRecipient(): Promise<string> {
    const path = `${this.hostKey}.pub`;
    const text = await Deno.readTextFile(path).catch((cause) => {
      throw new UsageError(`Could not read this host's SSH key "${path}"`, {
        cause,
        hint: '"ssh-keygen -A" makes the keys of a host; --host-key names another private key.',
      });
    });
    const [kind = "", key = ""] = text.trim().split(/\s+/);
    if (kind === "ssh-ed25519" || kind === "ssh-rsa") return `${kind} ${key}`;
    throw new UsageError(`Could not use this host's SSH key "${path}": it is of the kind "${kind}"`, {
      hint: "Name one of the kind ssh-ed25519 or ssh-rsa with --host-key.",
    });
  }

  /** @returns the encrypted text */
  async encrypt(text: string, { path, recipients }: { path: string; recipients: readonly string[] }) {
    const args = ["encrypt", "--filename-override", path, ...FORMAT, `--age=${recipients.join(",")}`];
    const result = await this.#call(args, { input: text });
    const hint = `Look whether "${this.hostKey}.pub" is as ssh-keygen writes it.`;
    return done(result, { doing: "encrypt the secrets", path, hint }).stdout;
  }

  /** @returns the text with its values */
  async decrypt(path: string, key: Key = { host: this.hostKey }): Promise<string> {
    const result = await this.#call(["decrypt", ...FORMAT, path], { env: environmentOf(key) });
    await this.#explain(result, { path, key });
    return done(result, { doing: "decrypt the secrets", path }).stdout;
  }

  /** Gives a secret a value. */
  async set(path: string, { name, value }: { name: string; value: string }): Promise<void> {
    const key: Key = { host: this.hostKey };
    await replaced(path, async (draft) => {
      const result = await this.#call(["set", "--value-stdin", ...FORMAT, draft, `["${name}"]`], {
        env: environmentOf(key),
        input: JSON.stringify(value),
      });
      await this.#explain(result, { path, key });
      done(result, { doing: `write the secret "${name}"`, path });
    });
  }

  /** Changes who can read the file, and encrypts all of it anew. */
  async exchange(
    path: string,
    { add, remove, key }: { add: string; remove: readonly string[]; key: Key },
  ): Promise<void> {
    await replaced(path, async (draft) => {
      const result = await this.#call(
        [
          "rotate",
          "--in-place",
          ...FORMAT,
          `--add-age=${add}`,
          ...remove.map((one) => `--rm-age=${one}`),
          draft,
        ],
        { env: environmentOf(key) },
      );
      await this.#explain(result, { path, key });
      done(result, { doing: "encrypt the secrets for another key", path });
    });
  }

  /**
   * Opens the caller's editor on the values.
   * @param scratch folder for the values while they are readable; it should be one in memory
   * @returns whether anything was changed
   */
  async edit(path: string, { scratch }: { scratch: string }): Promise<boolean> {
    await this.decrypt(path); // says in a sentence why it cannot
    let changed = true;
    await replaced(path, async (draft) => {
      const { code, success } = await new Deno.Command(this.#program, {
        args: ["edit", ...FORMAT, draft],
        env: { ...environmentOf({ host: this.hostKey }), TMPDIR: scratch },
        stdin: "inherit",
        stdout: "inherit",
        stderr: "inherit",
      }).output();
      if (code === CODES.editorFailed) {
        throw new UsageError("Could not edit the secrets: the editor failed, or there is none", {
          hint: "Nothing was changed. What was wrong stands above; EDITOR names another editor.",
        });
      }
      changed = code !== CODES.notEdited;
      if (changed && !success) {
        throw new SecretsError(`Could not edit the secrets in "${path}": sops ended with exit code ${code}`, {
          hint: "Nothing was changed. What was wrong stands above.",
        });
      }
    });
    return changed;
  }

  #call(args: string[], options: ExecOptions = {}): Promise<ExecResult> {
    // Nothing of the caller's is looked for: no keys, and no rules of a .sops.yaml, which may leave values readable. sops
    // looks for one from its own folder upwards.
    const env = { PATH: Deno.env.get("PATH") ?? "", HOME: "/nonexistent", SOPS_DISABLE_VERSION_CHECK: "1" };
    return exec([this.#program, ...args], {
      ...options,
      cwd: "/",
      env: { ...env, ...options.env },
      clearEnv: true,
    });
  }

  /** Says why a file could not be decrypted. */
  async #explain(
    { code }: Pick<ExecResult, "code">,
    { path, key }: { path: string; key: Key },
  ): Promise<void> {
    if (CODES.changedByOthers.includes(code)) {
      throw new SecretsError(
        `Could not read the secrets in "${path}": something other than sops changed them`,
        {
          hint: "Take the file from where you keep it.",
        },
      );
    }
    if (code !== CODES.noKey) return;
    if ("identity" in key) {
      throw new SecretsError(`Could not read the secrets in "${path}": they are for another recovery key`, {
        hint: "Give the one that was printed when the file was made.",
      });
    }
    const { recipients } = await readOutside(path);
    if (!recipients.includes(await this.hostRecipient())) {
      throw new SecretsError(
        `Could not read the secrets in "${path}": they are for another key than "${this.hostKey}", which this host has now`,
        { hint: 'Run "./cc-ci secrets recover" and give it the recovery key.' },
      );
    }
    throw new SecretsError(`Could not read the secrets in "${path}" with the key "${this.hostKey}"`, {
      hint:
        `Start it as root, and look whether that file is the private half of "${this.hostKey}.pub" and takes no ` +
        'passphrase. Where that key is lost, "ssh-keygen -A" makes another, and "./cc-ci secrets recover" lets it in.',
    });
  }
}

function environmentOf(key: Key): Record<string, string> {
  return "host" in key ? { SOPS_AGE_SSH_PRIVATE_KEY_FILE: key.host } : { SOPS_AGE_KEY: key.identity };
}

/** @throws {SecretsError} unless sops did it */
function done<T extends Pick<ExecResult, "success" | "code" | "stderr">>(
  result: T,
  { doing, path, hint = "Look whether the file is as sops wrote it." }: {
    doing: string;
    path: string;
    hint?: string;
  },
): T {
  if (result.success) return result;
  const said = result.stderr.trim().split("\n").slice(-3).join(" ");
  throw new SecretsError(
    `Could not ${doing} in "${path}": sops ended with exit code ${result.code}: ${said}`,
    { hint },
  );
}

/**
 * Changes a file so that whoever reads it sees all of the change or nothing. Where a link leads to it, the link stays.
 * Changes come one after the other: the second of two at a time would take back the first.
 */
async function replaced(path: string, change: (draft: string) => Promise<void>): Promise<void> {
  await writing(path, async () => {
    const file = await Deno.realPath(path);
    using lock = await FileLock.takeFolder(dirname(file), "alone");
    if (lock === null) {
      throw new SecretsError(`Could not change the secrets in "${path}": another command is doing so`, {
        hint: "Wait until it ends, or close its editor; then start this one again.",
      });
    }
    const draft = join(dirname(file), `.new-${basename(file)}`);
    try {
      await Deno.copyFile(file, draft);
      await change(draft);
      await Deno.rename(draft, file);
    } finally {
      await Deno.remove(draft).catch(() => {});
    }
  });
}

/** Does what writes a file of secrets. @throws {SecretsError} when the system lets it not */
export async function writing(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (cause instanceof CcciError) throw cause;
    throw new SecretsError(`Could not write the secrets to "${path}"`, {
      cause,
      hint: "Start it as root, or name a file elsewhere with --file.",
    });
  }
}
