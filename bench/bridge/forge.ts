import type { FakeClock } from "../../common/testing/fake_clock.ts";
import { FakeGitea } from "../../bridge/testing/fake_gitea.ts";

export const owner = "recipe-maintainers";

/** How large a made-up forge is: repositories, and pull requests of each. */
export interface Size {
  repos: number;
  pulls: number;
}

/** Names of its repositories, which are also those of their recipes. */
export function repoNames({ repos }: Pick<Size, "repos">): string[] {
  return Array.from({ length: repos }, (_, at) => `recipe-${at}`);
}

/** A made-up forge with many repositories and pull requests, on which members write. */
export class Forge {
  readonly gitea: FakeGitea;
  #next = 0;

  constructor(size: Size, clock: FakeClock) {
    this.gitea = new FakeGitea(clock);
    const created = clock.now() - 3_600_000;
    const body = JSON.stringify({ is_force_push: false, commit_ids: ["a".repeat(40)] });
    const created_at = new Date(created).toISOString();
    for (const name of repoNames(size)) {
      this.gitea.repos.all.push({
        ...{ name: `${owner}/${name}`, branch: "main", head: "b".repeat(40) },
        ...{ updated: created, archived: false },
      });
      for (let number = 1; number <= size.pulls; number++) {
        const facts = { repo: `${owner}/${name}`, number, head: "a".repeat(40), created, updated: created };
        const timeline = [{ type: "pull_push", body, created_at }];
        this.gitea.pulls.push({ ...facts, open: true, timeline });
      }
    }
  }

  /** A member asks for a run, each time on another pull request. */
  command(): void {
    const { pulls } = this.gitea;
    const pull = pulls[this.#next++ * 7 % pulls.length];
    if (pull !== undefined) this.gitea.say(pull, { user: "maintainer", body: "!testme" });
  }

  /** Drops all but the latest comments, and the list of requests. */
  forgetPast(): void {
    this.gitea.requests.length = 0;
    this.gitea.reactions.length = 0;
    this.gitea.comments.splice(0, Math.max(0, this.gitea.comments.length - 500));
  }
}
