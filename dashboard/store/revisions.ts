/** Counts what was written since the program began, so that what is kept in memory can tell whether it is still true. */
export class Revisions {
  readonly #ofRecipes = new Map<string, number>();
  #lists = 0;

  /** This number changes with every write that a list of all recipes shows. */
  get lists(): number {
    return this.#lists;
  }

  /** This number changes with every write about one recipe, except lines of log and signs of life. */
  of(recipe: string): number {
    return this.#ofRecipes.get(recipe) ?? 0;
  }

  /** Something was written about a recipe. @param options `inLists`: lists of recipes show it too */
  wrote(recipe: string, options: { inLists: boolean }): void {
    this.#ofRecipes.set(recipe, this.of(recipe) + 1);
    if (options.inLists) this.#lists++;
  }
}
