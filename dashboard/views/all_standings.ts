import type { Deps } from "./deps.ts";
import { STALE_MS, type Standing, standingOf, testedAt } from "./recipe_standing.ts";

/** How all recipes stand, worked out again only for those something was written about. */
export class Standings {
  readonly #deps: Deps;
  readonly #known = new Map<string, { revision: number; standing: Standing }>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Every public recipe that is enrolled or was ever run. */
  all(): Standing[] {
    const enrolled = new Set(this.#deps.enrolments.names());
    const names = new Set([...enrolled, ...this.#deps.store.recipes()]);
    return [...names].filter((name) => this.#deps.enrolments.shown(name)).sort().map((name) =>
      this.#of(name, enrolled.has(name))
    );
  }

  /** One recipe; `undefined` when it is private, or neither enrolled nor ever run. */
  find(recipe: string): Standing | undefined {
    if (!this.#deps.enrolments.shown(recipe)) return undefined;
    const enrolled = this.#deps.enrolments.names().includes(recipe);
    if (!enrolled && this.#deps.store.runs({ recipe, limit: 1 }).length === 0) return undefined;
    return this.#of(recipe, enrolled);
  }

  #of(recipe: string, enrolled: boolean): Standing {
    const revision = this.#deps.store.revisions.of(recipe);
    const now = this.#deps.clock.now();
    const known = this.#known.get(recipe);
    if (
      known !== undefined && known.revision === revision && known.standing.enrolled === enrolled &&
      (known.standing.face === null ||
        known.standing.stale === now - testedAt(known.standing.face) > STALE_MS)
    ) return known.standing;
    const standing = standingOf(this.#deps.store, recipe, { enrolled, now });
    this.#known.set(recipe, { revision, standing });
    return standing;
  }
}
