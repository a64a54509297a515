import * as z from "zod";
import { withoutEcho } from "../../common/pty.ts";
import { plainText } from "../../common/plain_text.ts";
import { plainLines, Redactor } from "../run/redact.ts";
import { parseSecrets } from "./output.ts";

/** One call of abra, and what came of it. The contract with abra writes these, and tests of the parsers read them. */
export const transcript = z.object({
  /** `abra`, the `stand-in`, or `by hand`: put together from what others have published of abra. */
  origin: z.enum(["abra", "stand-in", "by hand"]),
  /** What `abra --version` says. */
  abra: z.string(),
  /** What the contract wanted to know, or what the transcript was made after. */
  about: z.string(),
  /** The command line behind `abra`. */
  command: z.array(z.string()),
  exitCode: z.number().int(),
  /** The terminal that it had, null for none. With a terminal both streams come as one, on `stdout`. */
  terminal: z.object({ columns: z.number().int() }).nullable(),
  /** Lines as they were printed, with colours and carriage returns. */
  stdout: z.array(z.string()),
  stderr: z.array(z.string()),
  /** What a parser has to make of it, where somebody knows that. */
  reads: z.unknown().optional(),
});

export type Transcript = z.infer<typeof transcript>;

/** The words of a command before its arguments; abra has commands of two and of three words. */
export function commandOf({ command }: Pick<Transcript, "command">): string {
  const words = command.filter((word) => !word.startsWith("-"));
  const length = ["secret", "backup", "volume"].includes(words[1] ?? "") ? 3 : 2;
  return words.slice(0, length).join(" ");
}

/** What the harness has to read: lines without colours, carriage returns and what the terminal echoed. */
export function linesOf({ stdout, stderr, terminal }: Transcript): string[] {
  if (terminal !== null) return plainLines(withoutEcho(stdout.join("\n")));
  return [...plainLines(stderr.join("\n")), ...plainLines(stdout.join("\n"))];
}

/**
 * The transcripts without the secrets that abra made in them. A parser finds these; should abra print them in a form
 * that it does not know, whatever has a secret's length counts as one.
 * @param options.secretLength characters of each secret that the recipe lets abra generate
 */
export function maskSecrets(
  transcripts: readonly Transcript[],
  { secretLength }: { secretLength: number },
): Transcript[] {
  const redactor = new Redactor();
  const shaped = new RegExp(`(?<![A-Za-z0-9])[A-Za-z0-9]{${secretLength}}(?![A-Za-z0-9])`, "g");
  for (
    const one of transcripts.filter(({ command }) => command.join(" ").startsWith("app secret generate"))
  ) {
    const lines = linesOf(one);
    const found = [...Object.values(parseSecrets(lines) ?? {}), ...lines.join("\n").match(shaped) ?? []];
    for (const secret of found) redactor.add(secret);
  }
  return transcripts.map((one) => ({
    ...one,
    command: one.command.map((word) => redactor.text(word)),
    stdout: masked(one.stdout, redactor),
    stderr: masked(one.stderr, redactor),
  }));
}

/** Lines that hold no secret stay as they are; the redactor would take their colours as well. */
function masked(lines: readonly string[], redactor: Redactor): string[] {
  const keeps = (text: string) => redactor.text(text) === plainText(text);
  const each = lines.map((line) => keeps(line) ? line : redactor.text(line));
  const whole = each.join("\n");
  return keeps(whole) ? each : redactor.text(whole).split("\n");
}
