import { parseEnvFile } from "../../common/env_file.ts";
import type { Abra } from "../abra/abra.ts";
import { loadCompose } from "../recipe/compose.ts";
import { neededSecrets } from "../recipe/secrets.ts";
import { blame, secretMissing } from "./blame.ts";
import { environmentOf } from "./settings.ts";

/** The secrets of one app. */
export class AppSecrets {
  /** What is known of their values, by the names that they have in the compose files. */
  values: Record<string, string> = {};
  readonly #app: {
    domain: string;
    stack: string;
    declared: Readonly<Record<string, { value?: string | undefined }>>;
  };
  /** Name and version of every secret that was made. */
  readonly #stored = new Set<string>();

  /** @param app.declared what `recipe.yml` says of them */
  constructor(
    app: {
      domain: string;
      stack: string;
      declared: Readonly<Record<string, { value?: string | undefined }>>;
    },
  ) {
    this.#app = app;
  }

  /**
   * Makes those that the app lacks: those that `recipe.yml` declares get its values, and abra generates the others. A
   * declared one is inserted first, since abra would otherwise make a value up for it where it can.
   * @param made.root real path of the checkout
   * @param made.settings of the app
   * @param made.added names of those among them that are new
   * @throws {StageBlocked} for a secret of which abra makes up no value, and of which `recipe.yml` says none
   */
  async make(
    abra: Abra,
    made: { root: string; settings: string; added: readonly string[]; log: (line: string) => void },
  ): Promise<void> {
    const { root, settings, added, log } = made;
    const { domain, stack, declared } = this.#app;
    const compose = await loadCompose(root, environmentOf(settings, { root, stack }));
    const all = compose.ok ? neededSecrets(compose, { stack, settings: parseEnvFile(settings) }) : [];
    const lacking = all.filter(({ name, version }) => !this.#stored.has(`${name}_${version}`));
    const given = lacking.flatMap((one) => {
      const { value } = declared[one.key] ?? {};
      return value === undefined ? [] : [{ ...one, value }];
    });
    const impossible = lacking.find(({ key, generated }) => !generated && declared[key] === undefined);
    if (impossible !== undefined) throw secretMissing(impossible.key);
    for (const { key, name, version, value } of given) {
      await blame(abra.insertSecret(domain, { name, version, value }));
      this.values[key] = value;
      log(`Secret inserted: ${key}`);
    }
    for (const { name, version } of lacking) this.#stored.add(`${name}_${version}`);
    // abra would fail for an app without secrets.
    if (lacking.length === given.length && !added.some((name) => name.startsWith("SECRET_"))) return;
    const generated = await blame(abra.generateSecrets(domain));
    Object.assign(this.values, generated);
    const names = Object.keys(generated);
    if (names.length > 0) log(`Secrets generated: ${names.join(", ")}`);
  }
}
