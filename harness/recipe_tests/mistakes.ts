import { join, relative } from "node:path";
import { fromFileUrl } from "../../common/files.ts";

/** Something that is wrong with a test file and that can be seen without running it. */
export interface TestMistake {
  rule: "tests.syntax" | "tests.import" | "tests.types" | "tests.none";
  /** Relative to the folder of the tests. */
  file: string;
  line?: number;
  column?: number;
  /** One sentence without a final period. */
  message: string;
}

/** A module that code asks for when it runs, with the line of it. */
export interface LateImport {
  file: string;
  line: number;
  named: string;
}

/** What is known of the test files, to say what is wrong with them. */
export interface Sources {
  /** The folder as the check saw it. */
  root: string;
  /** Paths of the files below it, relative to it. */
  names: readonly string[];
  /** Text of one of them; empty where there is none. */
  text: (name: string) => string;
  /** Whether there is a file of this path, code or not. */
  has: (name: string) => boolean;
  /** Names that the kit exports. */
  kit: readonly string[];
}

/** A complaint of Deno's: its number, where it comes from the type checker, what it says, and the place. */
interface Complaint {
  code: number | null;
  said: string;
  file: string;
  line: number;
  column: number;
}

/** What tests may import, for the sentence about an import that they may not have. */
const ALLOWED = `a test imports the kit ("cc-ci"), Node's own modules ("node:…") and files beside it`;

/**
 * Reads what `deno check` said of test files, as sentences for their author.
 * @param said its output without colours
 * @returns the mistakes in the order in which Deno names them; empty when it names none that could be read
 */
export function readMistakes(said: string, sources: Sources): TestMistake[] {
  return complaintsIn(said, sources.root).map((complaint) => {
    const { file, line, column } = complaint;
    return { ...explain(complaint, sources), file, line, column };
  });
}

/** Mistakes in what tests import only when they run, of which Deno's check says nothing. */
export function lateMistakes(late: readonly LateImport[], sources: Sources): TestMistake[] {
  return late.flatMap(({ file, line, named }): TestMistake[] => {
    if (named === "cc-ci" || named.startsWith("node:")) return [];
    const isPath = /^\.{1,2}\//.test(named);
    const path = join(file, "..", named);
    if (isPath && (path.startsWith("..") || sources.has(path))) return [];
    return [{
      rule: "tests.import",
      file,
      line,
      message: isPath ? noSuchFile(named, sources) : strangeImport(named),
    }];
  });
}

/** Each begins at the start of a line and names its place in a line of its own, indented by four spaces. */
function complaintsIn(said: string, root: string): Complaint[] {
  const blocks = said.split(/^(?=TS\d+ \[ERROR\]: |error: )/m);
  return blocks.flatMap((block) => {
    const head = /^(?:TS(\d+) \[ERROR\]|error): (.*)/.exec(block);
    const place = /^ {4}at (file:\/\/\S+?):(\d+):(\d+)$/m.exec(block);
    if (head === null || place === null) return [];
    const [, code, text = ""] = head;
    const hint = /^ {2}hint: (.*)$/m.exec(block)?.[1];
    return [{
      code: code === undefined ? null : Number(code),
      said: [text.trim(), hint].filter(Boolean).join(" "),
      file: relative(root, fromFileUrl(place[1] ?? "")),
      line: Number(place[2]),
      column: Number(place[3]),
    }];
  });
}

function explain(complaint: Complaint, sources: Sources): Pick<TestMistake, "rule" | "message"> {
  const { code, said } = complaint;
  if (code === null) {
    const syntax = /^(?:SyntaxError|The module's source code could not be parsed): (.*)/.exec(said)?.[1];
    return syntax === undefined
      ? { rule: "tests.import", message: foreign(complaint, sources) }
      : { rule: "tests.syntax", message: `This is not TypeScript: ${plain(syntax)}` };
  }
  if (code >= 1000 && code < 2000) {
    return { rule: "tests.syntax", message: `This is not TypeScript: ${plain(said)}` };
  }
  if (code === 2307) return { rule: "tests.import", message: missing(complaint, sources) };
  return { rule: "tests.types", message: typeMistake(complaint, sources) };
}

/** An import from a registry or the network. */
function foreign(complaint: Complaint, sources: Sources): string {
  const named = importedIn(complaint, sources) ?? /"([^"]+)"/.exec(complaint.said)?.[1];
  return named === undefined ? plain(complaint.said) : strangeImport(named);
}

/** An import of something that is not there. */
function missing(complaint: Complaint, sources: Sources): string {
  const node = /"(node:[\w/]+)"/.exec(complaint.said)?.[1];
  const named = importedIn(complaint, sources);
  if (named === undefined) return plain(complaint.said);
  if (node !== undefined && node !== named) {
    return `"${named}" cannot be imported: Node's module is called "${node}"`;
  }
  if (!/^\.{0,2}\//.test(named)) return strangeImport(named);
  return noSuchFile(named, sources);
}

function strangeImport(named: string): string {
  return `"${named}" cannot be imported: ${ALLOWED}`;
}

function noSuchFile(named: string, sources: Pick<Sources, "names">): string {
  const whole = ["ts", "js", "mts"].find((ending) =>
    sources.names.some((name) => name.endsWith(`${named.replace(/^\.\//, "")}.${ending}`))
  );
  return whole === undefined
    ? `There is no file "${named}"`
    : `There is no file "${named}": the import has to say "${named}.${whole}"`;
}

function typeMistake({ code, said }: Complaint, { kit }: Sources): string {
  const [, name = ""] = /'(\w+)'/.exec(said.replace(/'"[^"]*"'/, "")) ?? [];
  const better = /Did you mean '(\w+)'/.exec(said)?.[1];
  const meant = better === undefined ? "" : `: did you mean "${better}"?`;
  if ((code === 2305 || code === 2724) && /'"[^"]*(?:kit\/mod\.ts|cc-ci)"'/.test(said)) {
    return `The kit has no "${name}"${meant || `; it has ${kit.join(", ")}`}`;
  }
  if (code === 2304 && kit.includes(name)) {
    return `"${name}" is not imported: import { ${name} } from "cc-ci"`;
  }
  const type = /on type '([^']+)'/.exec(said)?.[1];
  if ((code === 2339 || code === 2551) && type !== undefined) {
    return `There is no "${name}" on ${type === "Page" ? "a page" : type}${meant}`;
  }
  return plain(said);
}

/** What the line in question imports. */
function importedIn({ file, line }: Complaint, { text }: Sources): string | undefined {
  const source = text(file).split("\n")[line - 1] ?? "";
  return /(?:from|import|require|types=|path=)\s*\(?\s*["']([^"']+)["']/.exec(source)?.[1];
}

/** Deno's own words without the final period. */
function plain(said: string): string {
  return said.trim().replace(/\.$/, "").slice(0, 300);
}
