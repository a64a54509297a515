/** Base of every error a cc-ci program raises on purpose. The message says what was attempted and why it failed. */
export class CcciError extends Error {
  /** Stable identifier that tests and other programs may rely on, e.g. `exec.failed`. */
  readonly code: string;
  /** What the reader can do about it, if anything. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }
}

/**
 * A mistake in how a program was called or configured. The program then ends with exit code 2 and prints no stack
 * trace.
 */
export class UsageError extends CcciError {
  constructor(message: string, options: { cause?: unknown; hint?: string } = {}) {
    super("usage", message, options);
  }
}

/** One line for people: the error's message, followed by the messages of its causes where they say something new. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  while (current !== undefined && current !== null && parts.length < 4) {
    const text = inPlainWords(current instanceof Error ? current.message : String(current));
    if (text !== "" && !parts.some((part) => part.includes(text))) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(": ");
}

/** What Deno says of a call of the system that failed, without the system's number for it and the call's name. */
function inPlainWords(message: string): string {
  return message.replace(
    / \(os error \d+\)(?:: \w+ '(.*)')?$/s,
    (_, paths?: string) => paths ? `: "${paths.replace("' -> '", '" to "')}"` : "",
  );
}
