import { CcciError, UsageError } from "../../common/errors.ts";

/** Whoever was asked has left, and nothing may be taken for the answer. */
class Unanswered extends CcciError {
  constructor(question: string) {
    super("enroll.unanswered", `Nobody answered "${question}", so nothing was written`);
  }
}

/** Somebody who answers questions, or does not. */
export interface Asker {
  /** Whether another try may bring another answer. */
  readonly answers: boolean;
  /** @returns the answer; the proposal where there is none */
  text(question: string, proposal: string): string;
  confirm(question: string, proposal: boolean): boolean;
  /** Asks for something that nobody may take for granted. */
  permit(question: string): boolean;
}

/**
 * Asks at the terminal.
 * @param prompt returns null where nobody answers any more: at Ctrl-C, and at the end of the input
 * @returns an asker whose questions throw {@linkcode Unanswered} then
 */
export function terminalAsker(prompt: (question: string, proposal: string) => string | null): Asker {
  const text = (question: string, proposal: string) => {
    const answer = prompt(question, proposal);
    if (answer === null) throw new Unanswered(question);
    return answer.trim() || proposal;
  };
  const confirm = (question: string, proposal: boolean) =>
    /^y/i.test(text(`${question} (y/n)`, proposal ? "y" : "n"));
  return { answers: true, text, confirm, permit: (question) => confirm(question, false) };
}

/** Takes every proposal, and says which; permits nothing. */
export function takesProposals(say: (line: string) => void): Asker {
  return {
    answers: false,
    text(question, proposal) {
      say(`${question} ${proposal === "" ? "(nothing)" : proposal}`);
      return proposal;
    },
    confirm(question, proposal) {
      say(`${question} ${proposal ? "yes" : "no"}`);
      return proposal;
    },
    permit: () => false,
  };
}

/** How often a question is asked to which no answer will do. */
const MOST_TRIES = 5;

/**
 * Asks, and asks again with what is wrong for as long as an answer will not do.
 * @param of.mistake what is wrong with an answer, in a sentence without its full stop; null: nothing
 * @throws {UsageError} when there is nobody to ask, or no answer will do
 */
export function answerTo(
  question: string,
  of: { ask: Asker; proposal: string; mistake: (answer: string) => string | null },
): string {
  const { ask, proposal, mistake } = of;
  let problem: string | null = null;
  for (let asked = 0; asked < (ask.answers ? MOST_TRIES : 1); asked++) {
    const answer = ask.text(problem === null ? question : `${problem}. ${question}`, proposal);
    problem = mistake(answer);
    if (problem === null) return answer;
  }
  throw new UsageError(ask.answers ? `No answer to "${question}" will do: ${problem}` : `${problem}`, {
    hint: "Answer the question in a terminal, or write recipe.yml yourself",
  });
}
