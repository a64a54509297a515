/** Somebody who answers questions, or does not. */
export interface Asker {
  /** @returns the answer; the proposal where there is none */
  text(question: string, proposal: string): string;
  confirm(question: string, proposal: boolean): boolean;
  /** Asks for something that nobody may take for granted. */
  permit(question: string): boolean;
}

/** Asks at the terminal. */
export function terminalAsker(prompt: (question: string, proposal: string) => string | null): Asker {
  const text = (question: string, proposal: string) => (prompt(question, proposal) ?? "").trim() || proposal;
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
