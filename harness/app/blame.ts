import { AbraError, isBotMissing } from "../abra/abra.ts";
import { botErrors, botReason, failedInside } from "../abra/output.ts";
import { InfraFailure, StageBlocked, StageFailure } from "../run/stage.ts";

/** Who says a word: abra of its call, or the backup bot that abra asked. */
type Speaker = "abra" | "bot";

interface Row {
  says: readonly RegExp[];
  by: readonly Speaker[];
}

/**
 * What the host's troubles are told by. A word counts only of those whose own it is: `unknown flag` in the bot's mouth
 * is about what the bot was asked to do for the recipe, and only the bot has a repository.
 */
const troubles = {
  /** A connection that does not come about, is refused by the other side's certificate, or breaks off. */
  network: {
    by: ["abra", "bot"],
    says: [
      /dial tcp|no such host|server misbehaving|x509:|TLS handshake/i,
      /connection (?:refused|reset)|no route to host|network is unreachable|i\/o timeout|Client\.Timeout exceeded/i,
    ],
  },
  /** How abra was called, and not a recipe. */
  call: {
    by: ["abra"],
    says: [
      /inappropriate ioctl|not a TTY/i, // it wants a terminal where it wanted none so far
      /unknown (shorthand )?flag|unknown command|accepts .*arg\(s\)|requires at least \d+ arg/i,
      /^EOF$/, // it asked a question
      /locally unstaged changes|server \S+ does not exist/i,
      /authentication required/i,
    ],
  },
  /** What restic says when its repository is the trouble: a lock, a password, a store. */
  repository: {
    by: ["bot"],
    says: [
      /already locked|wrong password|no key found|ciphertext verification failed|repository does not exist/i,
      /unable to (open|create|load|save|remove|list) (the )?(config|repository|key|lock|index|snapshot|locks)\b/i,
      /config (file )?(cannot be loaded|already exists)|repository at the following location/i,
      /\b(Load|Save|Stat|List|Remove)\(<[\w/]+>.*returned error|\bStat: \d{3}\b/,
    ],
  },
} satisfies Record<string, Row>;

/** Which of the host's troubles somebody tells; null: none. */
function troubleTold(said: string, by: Speaker): keyof typeof troubles | null {
  const rows = Object.entries(troubles) as [keyof typeof troubles, Row][];
  return rows.find(([, row]) => row.by.includes(by) && row.says.some((one) => one.test(said)))?.[0] ?? null;
}

/**
 * Turns an error of abra into whom it concerns. When abra refuses something while it works on a recipe, the recipe is
 * at fault, unless abra itself, our call of it, its way to others or the missing backup bot is the trouble. What runs in
 * a container says nothing of abra's call: a function of the recipe that reaches nobody is the recipe's. A secret that
 * only a person can give is nobody's mistake: it has to be declared.
 */
export async function blame<T>(call: Promise<T>, what = "abra refuses"): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof AbraError)) throw error;
    const { message } = error;
    if (error.code !== "abra.failed" || isBotMissing(error)) {
      throw new InfraFailure(message, { cause: error.cause });
    }
    const trouble = failedInside(error.lines) ? null : troubleTold(message, "abra");
    if (trouble !== null) {
      const told = trouble === "network"
        ? "abra does not reach what it needs"
        : "abra refuses how it was called";
      throw new InfraFailure(`${told}: ${message}`, { cause: error });
    }
    const [, secret] = /secret not inserted \(#?generate=false\): (\S+)/.exec(message) ?? [];
    if (secret !== undefined) {
      throw secretMissing(secret);
    }
    throw new StageFailure(`${what}: ${message}`, { cause: error, tail: error.lines.slice(-20) });
  }
}

/** What keeps an app from being deployed that needs a secret of which nobody has given a value. */
export function secretMissing(name: string): StageBlocked {
  return new StageBlocked(`secret "${name}" cannot be generated: declare it in recipe.yml`);
}

/**
 * As {@linkcode blame}, for a call that the backup bot answers. Its repository is the host's, and so is the trouble with
 * it; what a hook says is the recipe's. A bot that a signal ended, as when its container or the memory goes, has said
 * nothing of the recipe: of a hook that a signal ends the bot tells in words of its own.
 */
export async function blameBot<T>(call: Promise<T>, what: string): Promise<T> {
  const told = call.catch((error) => {
    if (!(error instanceof AbraError) || error.code !== "abra.failed") throw error;
    const [, code] = /^Status: .*Code: (137|143)$/.exec(error.message) ?? [];
    if (code !== undefined && botReason(error.lines) === null) {
      throw new InfraFailure(`The backup bot was ended while it worked (exit code ${code})`, {
        cause: error,
      });
    }
    const said = botErrors(error.lines).find((line) => troubleTold(line, "bot") !== null);
    if (said === undefined) throw error;
    throw new InfraFailure(`The backup bot has trouble with its repository: ${said}`, { cause: error });
  });
  return await blame(told, what);
}
