/**
 * What to give `run-recipe` so that it tests a recipe away from the CI: the repository's git URL, or the recipe's name,
 * which is looked up on the forge of whoever tries it. People paste it into a shell, so it is one plain word.
 * @param page the repository's page on its forge, `null` where nobody knows it
 */
export function homeTarget(recipe: string, page: string | null): string {
  const url = page === null ? "" : `${page.replace(/\/+$/, "")}.git`;
  const plain = /^https:\/\/[A-Za-z0-9.-]+(:[0-9]+)?(\/[A-Za-z0-9._-]+)+$/.test(url) && !url.includes("..");
  // From a URL the harness takes the recipe's name, and with it its enrolment.
  return plain && url.toLowerCase().endsWith(`/${recipe}.git`) ? url : recipe;
}

/** The page of a run's repository, as the page of its pull request or commit tells. */
export function repositoryPage(link: string | null, repository: string): string | null {
  const at = link?.indexOf(`/${repository}/`) ?? -1;
  return link === null || at < 0 ? null : link.slice(0, at + 1 + repository.length);
}
