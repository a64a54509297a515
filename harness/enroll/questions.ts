import { CcciError } from "../../common/errors.ts";

/** Whoever was asked has left, and nothing may be taken for the answer. */
class Unanswered extends CcciError {
  constructor(question: string) {
    super("enroll.unanswered", `Nobody answered "${question}", so nothing was written`);
  }
}

/** Somebody who answers questions, or does not. */
export interface Asker {
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
  return { text, confirm, permit: (question) => confirm(question, false) };
}

/** Takes every proposal, and says which; permits nothing. */
export function takesProposals(say: (line: string) => void): Asker {
  return {
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
