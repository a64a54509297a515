import { AbraError, isBotMissing } from "../abra/abra.ts";
import { botErrors } from "../abra/output.ts";
import { InfraFailure, StageBlocked, StageFailure } from "../run/stage.ts";

/** What a connection that does not come about is told by. */
const ofTheNetwork = /dial tcp|no such host|TLS handshake|connection refused/i;

/** Refusals that are about how abra was called or what it reached, and not about a recipe. */
const ofTheCall = [
  /inappropriate ioctl|not a TTY/i, // it wants a terminal where it wanted none so far
  /unknown (shorthand )?flag|unknown command|accepts .*arg\(s\)|requires at least \d+ arg/i,
  /^EOF$/, // it asked a question
  /locally unstaged changes|server \S+ does not exist/i,
  /authentication required/i,
  ofTheNetwork,
];

/**
 * Turns an error of abra into whom it concerns. When abra refuses something while it works on a recipe, the recipe is
 * at fault, unless abra itself, our call of it or the missing backup bot is the trouble. A secret that only a person can
 * give is nobody's mistake: it has to be declared.
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
    if (ofTheCall.some((pattern) => pattern.test(message))) {
      throw new InfraFailure(`abra refuses how it was called: ${message}`, { cause: error });
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

/** What restic says when its repository is the trouble, or what lies between: a lock, a password, a store. */
const ofTheRepository = [
  /already locked|wrong password|no key found|ciphertext verification failed|repository does not exist/i,
  /unable to (open|create|load|save|remove|list) (the )?(config|repository|key|lock|index|snapshot|locks)\b/i,
  /config (file )?(cannot be loaded|already exists)|repository at the following location/i,
  /\b(Load|Save|Stat|List|Remove)\(<[\w/]+>.*returned error|\bStat: \d{3}\b/,
  ofTheNetwork,
  /x509:|connection reset|i\/o timeout|server misbehaving/i,
];

/**
 * As {@linkcode blame}, for a call that the backup bot answers. Its repository is the host's, and so is the trouble with
 * it; what a hook says is the recipe's.
 */
export async function blameBot<T>(call: Promise<T>, what: string): Promise<T> {
  const told = call.catch((error) => {
    if (!(error instanceof AbraError) || error.code !== "abra.failed") throw error;
    const said = botErrors(error.lines).find((line) => ofTheRepository.some((one) => one.test(line)));
    if (said === undefined) throw error;
    throw new InfraFailure(`The backup bot has trouble with its repository: ${said}`, { cause: error });
  });
  return await blame(told, what);
}
