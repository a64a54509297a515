/** An answer as far as it shows who gave it. */
export interface SeenAnswer {
  status: number;
  headers: ReadonlyMap<string, string>;
  body: string;
}

/**
 * What the proxy says when it is asked for a name that no app has. What is another one each time, a body or the value
 * of a header, is null.
 */
export interface NobodysAnswer {
  status: number;
  headers: ReadonlyMap<string, string | null>;
  body: string | null;
}

/** Headers that say nothing of who answers: the time, and what the connection does. */
const PASSING = new Set(["date", "connection", "keep-alive", "transfer-encoding", "alt-svc"]);

/**
 * Asks the proxy twice for names that no app has, and keeps what both answers share. This is learned and not known
 * beforehand, because an operator may have set an error page or a router for all names that are left.
 * @param look.ask asks for the same path of another domain; null: there was no answer
 * @param look.random makes a part of a name that nobody uses
 * @returns null when the proxy does not answer for such names, or each time with another status
 */
export async function learnNobodysAnswer(
  domain: string,
  look: { ask: (domain: string) => Promise<SeenAnswer | null>; random: () => string },
): Promise<NobodysAnswer | null> {
  const parent = domain.replace(/^[^.]*\./, "");
  const name = () => `nobody-${look.random()}.${parent}`;
  const [one, other] = await Promise.all([look.ask(name()), look.ask(name())]);
  if (one === null || other === null || one.status !== other.status) return null;
  return {
    status: one.status,
    headers: new Map(
      telling(one).map(([key, value]) => [key, other.headers.get(key) === value ? value : null]),
    ),
    body: one.body === other.body ? one.body : null,
  };
}

/** Whether an answer is the one that nobody's names get, so that nothing shows that an app gave it. */
export function isNobodys(answer: SeenAnswer, nobodys: NobodysAnswer | null): boolean {
  if (nobodys === null || answer.status !== nobodys.status) return false;
  if (nobodys.body !== null && answer.body !== nobodys.body) return false;
  const mine = telling(answer);
  return mine.length === nobodys.headers.size && mine.every(([key, value]) => {
    const nobodysValue = nobodys.headers.get(key);
    return nobodysValue === null || nobodysValue === value;
  });
}

function telling(answer: SeenAnswer): [string, string][] {
  return [...answer.headers].filter(([key]) => !PASSING.has(key));
}
