import { codeSpan } from "../reports/markdown.ts";
import { clean, commitCode } from "../reports/comment_parts.ts";
import { leastDigits } from "./command.ts";
import type { Refusal } from "./policy.ts";
import type { CommandRow } from "../store/rows.ts";

/** Answer to a command that is not carried out: what was not done and why, and what would make it work. */
export function refused(refusal: Refusal, { command, org }: { command: CommandRow; org: string }): string {
  const who = codeSpan(command.login);
  switch (refusal.reason) {
    case "not-member":
      return `🚫 Nothing was tested: ${who} is not a member of ${
        codeSpan(org)
      }, and only members can start tests.\n` +
        "A member who has looked at the changes can comment `!testme`.";
    case "not-starter":
      return `🚫 Nothing was cancelled: ${who} is not a member of ${
        codeSpan(org)
      }, and only members and whoever started a run can stop it.\n` +
        "A member can comment `!testme cancel`.";
    case "too-short":
      return `🚫 Nothing was tested: \`${refusal.commit}\` is too short to be sure of the commit that is meant.\n` +
        `Give at least ${leastDigits} of its digits.`;
    case "not-enrolled":
      return `🚫 Nothing was tested: ${codeSpan(command.repo)} is not enrolled here.\n` +
        `To enrol it, add \`recipes/<recipe>/recipe.yml\` with \`repo: ${command.repo}\` to cc-ci.`;
    case "maintenance": {
      const note = refusal.note === "" ? "" : ` (${clean(refusal.note)})`;
      return `🚧 Nothing was tested: cc-ci is under maintenance${note}.\nComment \`!testme\` again when it is over.`;
    }
    case "bad-enrolment":
      return `🚫 Nothing was tested: \`recipes/${refusal.recipe}/recipe.yml\` in cc-ci ${
        clean(refusal.problem)
      }.\n` +
        "Correct it there, and comment `!testme` again once cc-ci has the new one.";
    case "edited":
      return `🚫 Nothing was tested: the comment became \`!testme\` by an edit, and who made that is not known.\n` +
        "Write it in a new comment.";
    case "too-old":
      return "🚫 `!testme` was written more than 24 hours ago, before cc-ci could look at it, so nothing was done.\n" +
        "If it is still wanted, comment it again.";
    case "merged":
      return "🚫 Nothing was tested: this pull request is merged.\nComment on one that is open.";
    case "fork-gone":
      return "🚫 Nothing was tested: this pull request is closed, as the repository it came from was deleted.\n" +
        "Open a new one and comment `!testme` there.";
    case "closed":
      return "🚫 Nothing was tested: this pull request is closed.\nReopen it and comment `!testme`.";
    case "pushed": {
      const { before, head } = refusal;
      const digits = digitsApart(before ?? "", head);
      const from = before === null ? "" : `from \`${before.slice(0, digits)}\` `;
      const to = head.slice(0, digits);
      return `🚫 Nothing was tested: after ${who} wrote \`!testme\` the head moved ${from}to \`${to}\`.\n` +
        `Look at what was pushed and comment \`!testme\`, or \`!testme ${to}\`.`;
    }
    case "same-time": {
      const said = codeSpan(command.commit === null ? "!testme" : `!testme ${command.commit}`);
      return `🚫 Nothing was tested: ${
        commitCode(refusal.head)
      } was pushed at about the time ${said} was written.\n${byAllDigits(refusal.head)}`;
    }
    case "unknown-head":
      return `🚫 Nothing was tested: the forge does not tell when ${commitCode(refusal.head)} was pushed.\n${
        byAllDigits(refusal.head)
      }`;
    case "other-commit": {
      const { asked, head } = refusal;
      const digits = digitsApart(asked, head);
      const is = head.slice(0, digits);
      return `🚫 Nothing was tested: the head is \`${is}\`, not \`${asked.slice(0, digits)}\`.\n` +
        `If that is the commit you mean, comment \`!testme ${is}\`.`;
    }
  }
}

/** The command that counts whatever the forge knows about the time of a push. */
function byAllDigits(head: string): string {
  return `If that is the commit you mean, comment \`!testme ${head}\`: with all digits it does not matter when it was pushed.`;
}

/** How many digits show that two commits are not the same one; 7 where these do. */
function digitsApart(one: string, other: string): number {
  const differs = [...other].findIndex((digit, at) => digit !== one[at]);
  return Math.max(leastDigits, differs + 1);
}

/** Answer to `!testme help`. */
export function help(org: string): string {
  return "`!testme` tests this pull request's head, `!testme <commit>` only if that commit is still the head, " +
    `\`!testme cancel\` stops a run, \`!testme help\` says this. A command stands alone on its line and comes from a member of ${
      codeSpan(org)
    }.`;
}

/** Answer to what was probably meant as a command, once for each thread. */
export function nearMiss(): string {
  return "Nothing was tested: that was not read as a command. `!testme` stands alone on its line, typed like this, " +
    "neither in code nor right below a quote or above a signature. `!testme help` says more.";
}

/** Answer to a cancel that met nothing but commands on which nobody had decided yet. */
export function withdrawn(): string {
  return "What was asked for here and had not begun yet is withdrawn. `!testme` starts anew.";
}

export function nothingToCancel(): string {
  return "Nothing to cancel: no run of this pull request is queued or running.";
}
