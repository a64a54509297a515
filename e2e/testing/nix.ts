import { join } from "node:path";
import * as z from "zod";
import { exec, execOk } from "../../common/exec.ts";
import { describeError } from "../../common/errors.ts";
import { ownHome } from "../../programs/start.ts";
import { installPackages, onPath } from "../../local/host/host.ts";
import { pathsFromEnvironment } from "../../local/host/paths.ts";

const root = ownHome().folder;

/** Nix with a store of its own in cc-ci's cache, so that nothing of the machine's changes. */
export class Nix {
  readonly #home = join(pathsFromEnvironment().cache, "nix");
  readonly #registry: string;

  private constructor(registry: string) {
    this.#registry = registry;
  }

  /**
   * Installs Nix from Debian where it is missing.
   * @returns why there is none
   */
  static async find(): Promise<Nix | string> {
    const registry = await registryOfNpm();
    if (registry === undefined) return "nobody says where npm's packages are: there is no npm on the PATH";
    try {
      if (await onPath("nix-build") === undefined) {
        const step = { update: () => {}, done: () => {}, fail: () => {} };
        await installPackages(["nix-bin"], { why: "tests of what Nix makes of cc-ci", step });
      }
    } catch (error) {
      return `Nix cannot be had: ${describeError(error)}`;
    }
    const nix = new Nix(registry);
    await nix.#putDeno();
    return nix;
  }

  /** The folder of nixpkgs' own lib, where this machine has it. */
  async libOfNixpkgs(): Promise<string | undefined> {
    const { success, stdout } = await exec(["nix-instantiate", "--find-file", "nixpkgs/lib"]);
    return success ? stdout.trim() : undefined;
  }

  /** The value of an expression, which may use `root`, `registry`, `deno` and `path`. */
  async value<T>(expression: string, schema: z.ZodType<T>): Promise<T> {
    const { stdout } = await execOk(
      this.#command("nix-instantiate", "--eval", "--strict", "--json", "--read-write-mode", expression),
      {
        env: this.#env(),
        timeoutMs: 120_000,
      },
    );
    return schema.parse(JSON.parse(stdout));
  }

  /** What Nix says of an expression that has no value. */
  async complaint(expression: string): Promise<string> {
    const result = await exec(this.#command("nix-instantiate", "--eval", "--strict", "--json", expression), {
      env: this.#env(),
    });
    if (result.success) throw new Error(`Nix finds nothing wrong with "${expression}"`);
    return result.stderr;
  }

  /** Builds an expression. @param keep name under which the result stays for later starts. @returns its folder */
  async build(expression: string, { keep }: { keep?: string } = {}): Promise<string> {
    const kept = keep === undefined ? ["--no-out-link"] : ["--out-link", join(this.#home, keep)];
    const result = await execOk(this.#command("nix-build", ...kept, expression), {
      env: this.#env(),
      timeoutMs: 280_000,
    });
    return result.stdout.trim().split("\n").at(-1) ?? "";
  }

  /** Builds what an evaluation has described. */
  async realise(derivation: string): Promise<string> {
    const { stdout } = await execOk(["nix-store", "--realise", derivation], {
      env: this.#env(),
      timeoutMs: 280_000,
    });
    return stdout.trim();
  }

  /** Removes everything that is not kept: each state of this tree would leave half a gigabyte. */
  async tidy(): Promise<void> {
    await execOk(["nix-store", "--gc", "--quiet"], { env: this.#env(), timeoutMs: 120_000 });
  }

  /** @throws {ExecError} for a file that is no expression */
  async parse(files: string[]): Promise<void> {
    await execOk(["nix-instantiate", "--parse", ...files], { env: this.#env() });
  }

  #command(program: string, ...rest: string[]): string[] {
    const expression = rest.pop() ?? "";
    const values = `let root = ${JSON.stringify(root)}; registry = ${JSON.stringify(this.#registry)};
      path = ${JSON.stringify(Deno.env.get("PATH"))}; deno = ${JSON.stringify(join(this.#home, "deno"))};
      pkgs = import (root + "/nix/testing/nixpkgs") {
        inherit path deno; overlays = [ (import (root + "/nix/overlay.nix")) ];
      };
      cc-ci = pkgs.cc-ci.override { inherit registry; };
    in `;
    return [program, ...rest, "-E", values + expression];
  }

  #env(): Record<string, string> {
    const of = (name: string) => join(this.#home, name);
    return {
      NIX_STORE_DIR: of("store"),
      NIX_STATE_DIR: of("state"),
      NIX_LOG_DIR: of("log"),
      NIX_CONF_DIR: of("conf"),
      NIX_PATH: "",
      NIX_CONFIG: ["sandbox = false", "build-users-group =", "substitute = false", "max-jobs = 4"].join("\n"),
    };
  }

  /** Puts this Deno where packages of Nix have their programs, also in the place of the one without a command line. */
  async #putDeno(): Promise<void> {
    const bin = join(this.#home, "deno", "bin");
    await Deno.mkdir(bin, { recursive: true });
    for (const name of ["deno", "denort"]) {
      await Deno.remove(join(bin, name)).catch(() => {});
      await Deno.symlink(Deno.execPath(), join(bin, name));
    }
  }
}

/** What npm on this machine says; Deno reads the same variable. */
async function registryOfNpm(): Promise<string | undefined> {
  const named = Deno.env.get("NPM_CONFIG_REGISTRY");
  if (named !== undefined) return named;
  if (await onPath("npm") === undefined) return undefined;
  return (await execOk(["npm", "config", "get", "registry"])).stdout.trim();
}
