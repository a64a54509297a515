import * as z from "zod";
import type { Answer } from "../../common/answer.ts";
import { giteaClient, type GiteaOptions, split } from "./gitea_client.ts";
import { listReader } from "./lists.ts";

/** What the forge shows beside a commit. */
export interface CommitStatus {
  state: "pending" | "success" | "failure" | "error";
  /** Plain text, shown as it stands. */
  description: string;
  /** Page of the run, empty without a dashboard. */
  target_url: string;
}

interface Place {
  repo: string;
  commit: string;
}

/** Statuses of commits, of which each account with the permission to push may add some. */
export interface Statuses {
  set(place: Place, status: CommitStatus): Promise<Answer<null>>;
  /** Ours as the forge shows it; `null` if there is none. */
  shown(place: Place): Promise<Answer<CommitStatus | null>>;
  /** Whether we might set one; changes nothing. */
  maySet(query: { repo: string }): Promise<Answer<null>>;
}

const context = "cc-ci";
const entry = z.object({
  context: z.string(),
  status: z.string(),
  description: z.string(),
  target_url: z.string(),
});

/** Gitea's and Forgejo's: a later status takes the place of an earlier one, and only 201 says that it was taken. */
export function giteaStatuses(options: GiteaOptions): Statuses {
  const client = giteaClient(options);
  const { call } = client;
  const { readList } = listReader(client);
  const post = ({ repo, commit }: Place, status: object) =>
    call("POST /repos/{owner}/{name}/statuses/{commit}", {
      ...{ ...split(repo), commit, context },
      ...status,
    }, { statuses: [201], schema: z.unknown() });

  return {
    async set(place, status) {
      const answer = await post(place, status);
      return answer.ok ? { ...answer, value: null } : answer;
    },

    async shown({ repo, commit }) {
      const route = "GET /repos/{owner}/{name}/commits/{commit}/status";
      const isOwn = (status: z.infer<typeof entry>) => status.context === context;
      const answer = await readList(route, { ...split(repo), commit }, {
        entry,
        within: "statuses",
        enough: (page) => page.some(isOwn),
      });
      if (!answer.ok) return answer;
      const own = answer.value.find(isOwn);
      const state = own === undefined ? null : states.safeParse(own.status);
      if (own === undefined || !state?.success) return { ...answer, value: null };
      const { description, target_url } = own;
      return { ...answer, value: { state: state.data, description, target_url } };
    },

    async maySet({ repo }) {
      // Whether we may is judged before it is found that there is no such commit.
      const answer = await post({ repo, commit: "0".repeat(40) }, { state: "error" });
      if (!answer.ok && (answer.status === 0 || [401, 403].includes(answer.status))) return answer;
      return { ok: true, value: null, at: null };
    },
  };
}

const states = z.enum(["pending", "success", "failure", "error"]);
