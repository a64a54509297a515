import { Document, isMap, isScalar } from "yaml";
import { recipeYml } from "../../enrolment/schema.ts";
import type { Draft, Proposal, Refusal } from "./propose.ts";

/** The files of a new enrolment, by their names. */
export function filesOf(
  { draft, database, refused }: Pick<Proposal, "draft" | "database" | "refused">,
  schema: string,
): Record<string, string> {
  const { path = "/" } = draft.health ?? {};
  const opened = draft.page?.path ?? path;
  return {
    "recipe.yml": recipeYmlText({ draft, database, refused }, schema),
    "front_page.ts": frontPage(opened),
    "install_test.ts": installTest({ path, opened }),
    "upgrade_test.ts": laterTest("the app still opens after the upgrade"),
    "backup_test.ts": laterTest("the app opens again after the restore"),
  };
}

/** What is said in a draft, in the order in which the schema has the keys. */
function inOrder(draft: Draft): Record<string, unknown> {
  return Object.fromEntries(
    recipeYml.keyof().options.flatMap((key) => draft[key] === undefined ? [] : [[key, draft[key]]]),
  );
}

/** @param schema path of the published schema, as seen from the file */
function recipeYmlText(
  { draft, database, refused }: Pick<Proposal, "draft" | "database" | "refused">,
  schema: string,
): string {
  const document = new Document(inOrder(draft));
  document.commentBefore = ` yaml-language-server: $schema=${schema}`;
  if (database !== null) {
    comment(document, ["data"], ` A table of its own in the ${database.kind} of "${database.service}".`);
  }
  if (database !== null) {
    comment(document, ["data", "destroy"], " Everything in the database has to go before it is restored.");
  }
  const text = document.toString({ lineWidth: 0 });
  return text + permissions(refused);
}

/** Comments that a person only has to take the "#" off. */
function permissions(refused: readonly Refusal[]): string {
  const known = new Set(refused.flatMap(({ exception }) => exception ?? []));
  if (known.size === 0) return "";
  const lines = [
    "Without these the recipe is not deployed: they permit what no app may do by itself. Look at each.",
    "exceptions:",
    ...[...known].map((one) => `  - ${JSON.stringify(one)}`),
  ];
  return lines.map((line) => `# ${line}\n`).join("");
}

function comment(document: Document, path: readonly string[], text: string): void {
  const holder = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1));
  if (!isMap(holder)) return;
  const key = holder.items.find((item) => isScalar(item.key) && item.key.value === path.at(-1))?.key;
  if (isScalar(key)) key.commentBefore = text;
}

function frontPage(path: string): string {
  return `import { match } from "node:assert/strict";
import { page } from "cc-ci";

/** Opens the page that a visitor sees first. Say here what it must show. */
export async function opensFrontPage(): Promise<void> {
  const front = await page(${JSON.stringify(path)});
  match(await front.text(), /\\S/, "the page shows no text");
  await front.screenshot("front");
}
`;
}

function installTest({ path, opened }: { path: string; opened: string }): string {
  const answers = path === opened ? "" : `
test("the app says that it works", async () => {
  equal((await fetch(${JSON.stringify(path)})).status, 200);
});
`;
  const equal = answers === "" ? "" : 'import { equal } from "node:assert/strict";\n';
  return `${equal}import { ${answers === "" ? "" : "fetch, "}test } from "cc-ci";
import { opensFrontPage } from "./front_page.ts";
${answers}
test("the app opens", opensFrontPage);
`;
}

function laterTest(name: string): string {
  return `import { test } from "cc-ci";
import { opensFrontPage } from "./front_page.ts";

test(${JSON.stringify(name)}, opensFrontPage);
`;
}
