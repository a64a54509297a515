import type { Answer } from "../../common/answer.ts";

/** A pull request in which something happened. */
export interface TouchedPull {
  /** `owner/name`. */
  repo: string;
  pr: number;
  /** Milliseconds since the epoch, whole seconds. A new comment moves it, an edit does not. */
  updatedAt: number;
}

export interface ForgeComment {
  id: number;
  userId: number;
  login: string;
  /** As typed: not trimmed. */
  body: string;
  /** Milliseconds since the epoch, whole seconds. */
  createdAt: number;
  updatedAt: number;
}

/** A comment and where it stands, the repository's name written as the forge writes it. */
export interface PlacedComment extends ForgeComment {
  repo: string;
  pr: number;
}

export interface Pull {
  /** `fork-gone`: closed, and what it came from was deleted, so that it cannot be opened again. */
  state: "open" | "closed" | "merged" | "fork-gone";
  head: string;
  title: string;
  /** Page of the pull request. */
  link: string;
  /** Milliseconds since the epoch, whole seconds. */
  createdAt: number;
}

/** A push to a pull request's head, dated by the forge itself (commit dates can be forged, this cannot). */
export interface Push {
  /** Head after the push, if the forge tells. */
  head: string | null;
  /** Head before it, known for force pushes only. */
  before: string | null;
  forced: boolean;
  /** When the forge noted it: a second or three after the head moved. Milliseconds since the epoch. */
  at: number;
}

/** A repository, as far as its default branch is concerned. */
export interface Repository {
  /** `owner/name`. */
  repo: string;
  ownerId: number;
  /** Name of the default branch. */
  branch: string;
  /** Milliseconds since the epoch, whole seconds. Every push moves it, and so do other changes. */
  updatedAt: number;
  /** False for one that is empty or archived. */
  testable: boolean;
}

/** What the bridge needs of a forge. Only an exact expected status is a success; redirects are never followed. */
export interface Forge {
  /** Milliseconds for which nothing about a repository is asked, since the forge wants it so; 0 for none. */
  pausedMs(query: { repo: string }): number;
  /** Which forge it is; an answer also tells its clock. */
  version(): Promise<Answer<string>>;
  /** Pull requests of an owner's repositories touched at `since` or later; without it just a look whether it can be asked. */
  touchedPulls(query: { owner: string; since: number | null }): Promise<Answer<TouchedPull[]>>;
  /** Comments of a pull request written or edited at `since` or later, oldest first. */
  comments(query: { repo: string; pr: number; since: number | null }): Promise<Answer<ForgeComment[]>>;
  /** Comments on all pull requests of a repository, written or edited at `since` or later, oldest first. */
  repoComments(query: { repo: string; since: number }): Promise<Answer<PlacedComment[]>>;
  pull(query: { repo: string; pr: number }): Promise<Answer<Pull>>;
  repository(query: { repo: string }): Promise<Answer<Repository>>;
  /** Repositories of an owner that were changed at `since` or later, newest first. */
  touchedRepositories(query: { ownerId: number; since: number }): Promise<Answer<Repository[]>>;
  /** Commit a branch points to. */
  branchHead(query: { repo: string; branch: string }): Promise<Answer<string>>;
  /** Pushes oldest first; `null` if this forge keeps no such list. */
  pushes(query: { repo: string; pr: number }): Promise<Answer<Push[] | null>>;
  /** True and false only on the forge's exact word; everything else is a failure. */
  isMember(query: { org: string; login: string }): Promise<Answer<boolean>>;
  /** The account the token belongs to, if the forge lets it be known. */
  whoAmI(query: { org: string }): Promise<Answer<{ id: number; login: string } | null>>;
  /** Whether the account may know who is a member: false is the forge's word that it is an outsider itself. */
  seesMembers(query: { org: string }): Promise<Answer<boolean>>;
  createComment(
    query: { repo: string; pr: number; body: string },
  ): Promise<Answer<{ id: number; userId: number }>>;
  editComment(query: { repo: string; id: number; body: string }): Promise<Answer<null>>;
  /** Puts 👀 under a comment; once it is there, again is no error. */
  acknowledge(query: { repo: string; id: number }): Promise<Answer<null>>;
}

/** Whether an answer means: deleted, or moved to another name; redirects are never followed. */
export function isGone(status: number): boolean {
  return isMoved(status) || status === 404 || status === 410;
}

/** Whether an answer means: moved to another name. */
export function isMoved(status: number): boolean {
  return [301, 302, 307, 308].includes(status);
}

/** Whether a search for an owner's pull requests is answered so because there is no such owner: Gitea says 400. */
export function isUnknown(status: number): boolean {
  return [400, 404, 422].includes(status);
}
