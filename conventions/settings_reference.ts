const root = new URL("../", import.meta.url);

/** Where the settings of each program are described. */
const SCHEMAS = [
  { program: "The bridge", file: "bridge/service/config.ts", shared: ["common/tls.ts"] },
  { program: "The dashboard", file: "dashboard/routes/config.ts", shared: ["common/tls.ts"] },
  { program: "The harness", file: "harness/run/settings.ts", shared: [] },
] as const;

const INTRODUCTION = `# All settings

This file is made from the schemas of the programs (\`deno run -A conventions/settings_reference.ts\` writes it anew). Each setting is a variable of the program's environment; \`CCCI_<NAME>_FILE\` may name a file that holds the value instead, which is how secrets are given. The fourth program, \`cc-ci-host\`, reads a file: [host/settings.ts](../host/settings.ts). What the less obvious ones are for stands in [operating.md](operating.md).
`;

/** A setting as its source describes it. */
interface Setting {
  name: string;
  meaning: string;
  /** What holds where nobody says anything; null: it has to be given. */
  otherwise: string | null;
}

/** The settings of all programs as a document for people. */
export async function settingsText(): Promise<string> {
  const sections = await Promise.all(SCHEMAS.map(async ({ program, file, shared }) => {
    const sources = await Promise.all(
      [file, ...shared].map((path) => Deno.readTextFile(new URL(path, root))),
    );
    const rows = sources.flatMap(settingsIn).map(({ name, meaning, otherwise }) =>
      `| \`CCCI_${name}\` | ${meaning.replaceAll("|", "\\|")} | ${otherwise ?? "has to be given"} |`
    );
    return `## ${program}\n\nFrom [${file}](../${file}).\n\n| setting | meaning | without it |\n| --- | --- | --- |\n${
      rows.join("\n")
    }\n`;
  }));
  return [INTRODUCTION, ...sections].join("\n");
}

/** @throws {Error} for a setting that nobody has described */
export function settingsIn(source: string): Setting[] {
  const entry =
    /^ {2}(?:\/\*\*((?:(?!\*\/)[^])*)\*\/\n {2})?([A-Z][A-Z_]+): ((?:.|\n {4,}|\n {2}[)}])*?)(?:,$)/gm;
  return [...source.matchAll(entry)].map(([, comment = "", name = "", value = ""]) => {
    const meaning = comment.replaceAll(/\n? *\* ?/g, " ").replaceAll(/\{@linkcode (\w+)\}/g, "`$1`").trim();
    if (meaning === "") throw new Error(`Nobody has described the setting ${name}`);
    return { name, meaning, otherwise: defaultIn(value) };
  });
}

function defaultIn(value: string): string | null {
  const given = /\.default\(([^)]*)\)/.exec(value)?.[1];
  if (given !== undefined) return `\`${given.replaceAll(/["_]/g, "")}\``;
  if (value.includes("besidePrograms")) return "what lies beside the programs";
  if (value.includes("ownDeno")) return "the deno that runs the program";
  return value.includes(".optional()") ? "-" : null;
}

if (import.meta.main) await Deno.writeTextFile(new URL("docs/settings.md", root), await settingsText());
