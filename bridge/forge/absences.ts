import type { Answer } from "../../common/answer.ts";
import { type Forge, isGone, isMoved } from "./forge.ts";

/**
 * The forge, with a memory of the repositories that it does not show under the name they were asked for.
 * @param absent their names in lower case, kept up to date
 */
export function noteAbsences(forge: Forge, absent: Set<string>): Forge {
  function noted<Q extends { repo: string }, T>(
    call: (query: Q) => Promise<Answer<T>>,
    isAbsent: (status: number) => boolean,
  ): (query: Q) => Promise<Answer<T>> {
    return async (query) => {
      const answer = await call(query);
      if (answer.ok) absent.delete(query.repo.toLowerCase());
      else if (isAbsent(answer.status)) absent.add(query.repo.toLowerCase());
      return answer;
    };
  }
  // That a pull request or a comment is not there says nothing about the repository.
  return {
    ...forge,
    comments: noted(forge.comments, isMoved),
    pull: noted(forge.pull, isMoved),
    editComment: noted(forge.editComment, isMoved),
    createComment: noted(forge.createComment, isMoved),
    repoComments: noted(forge.repoComments, isGone),
    repository: noted(forge.repository, isGone),
  };
}
