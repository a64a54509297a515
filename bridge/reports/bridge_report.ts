import type { Clock } from "../../common/time.ts";
import { logger } from "../../common/log.ts";
import type { BridgeReport } from "../../protocol/dashboard_api.ts";
import { shorten } from "../../wording/text.ts";
import { saidBy } from "../store/rows.ts";
import type { Store } from "../store/store.ts";
import type { Dashboard } from "./dashboard_client.ts";

const log = logger("bridge", "report");

type Trouble = BridgeReport["troubles"][number];

/** The dashboard hears again that nothing has changed after this time, and so that the bridge lives. */
const repeatMs = 60_000;
/** A comment that the forge did not take is told of for this long. */
const toldMs = 24 * 3_600_000;
const mostTold = { posts: 20, unread: 20, texts: 50 };
const longestText = 400;

export interface BridgeReporterDeps {
  store: Store;
  dashboard: Dashboard;
  clock: Clock;
  /** Recipe of an enrolled repository. */
  recipeOf(repo: string): string | null;
  /** What is wrong apart from what is stored. */
  troubles(): Trouble[];
}

/** Tells the dashboard how the bridge is, so that whoever runs it sees on one page what it could tell nobody else. */
export class BridgeReporter {
  readonly #deps: BridgeReporterDeps;
  #said: string | null = null;
  #nextAt = -Infinity;

  constructor(deps: BridgeReporterDeps) {
    this.#deps = deps;
  }

  async tell(): Promise<void> {
    const { dashboard, clock } = this.#deps;
    const report = { troubles: this.#all().slice(0, mostTold.texts) };
    const text = JSON.stringify(report);
    if (clock.now() < this.#nextAt && (text === this.#said || this.#said === null)) return;
    this.#nextAt = clock.now() + repeatMs;
    const answer = await dashboard.report(report);
    this.#said = answer.ok ? text : null;
    if (!answer.ok) log.debug("could not tell the dashboard how the bridge is", { error: answer.message });
  }

  #all(): Trouble[] {
    const { store, clock } = this.#deps;
    const refused = store.refusedPosts(clock.now() - toldMs, mostTold.posts).map((post) =>
      this.#about(post, `The forge takes no comment of ours: ${saidBy(post)}`)
    );
    const unread = store.unread.all().slice(0, mostTold.unread).map((place) =>
      this.#about(place, "The comments cannot be read, and commands there are not seen")
    );
    return [...this.#deps.troubles(), ...refused, ...unread]
      .map(({ text, recipe }) => ({ text: shorten(text, longestText), recipe }));
  }

  /** Of a repository that is not enrolled nobody knows whether it may be named. */
  #about({ repo, pr }: { repo: string; pr: number }, text: string): Trouble {
    const recipe = this.#deps.recipeOf(repo);
    return {
      recipe,
      text: recipe === null ? `A repository that is not enrolled: ${text}` : `PR #${pr}: ${text}`,
    };
  }
}
