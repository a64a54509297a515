import * as z from "zod";

export interface DroneApiOptions {
  /** Address of the Drone server. */
  url: string;
  /** Token of a machine account that is Drone's admin. */
  token: string;
  /** `owner/name` of the repository that holds our `.drone.yml`, enabled by a real user of the forge. */
  repo: string;
  /** Its time limit should be short: a Drone that hangs must not hold up whoever asks about other runs. */
  fetch: typeof fetch;
  /** For the call that creates a build, above 60 s: a missing `.drone.yml` is answered after 45 s. @default fetch */
  createFetch?: typeof fetch;
}

const step = z.object({ name: z.string(), status: z.string(), exit_code: z.number().int().default(0) });
const stage = z.object({
  status: z.string(),
  machine: z.string().nullish(),
  error: z.string().nullish(),
  started: z.number().default(0),
  updated: z.number().default(0),
  steps: z.array(step).nullish(),
});
export const build = z.object({
  number: z.number().int().positive(),
  parent: z.number().nullish(),
  status: z.string(),
  error: z.string().nullish(),
  created: z.number().default(0),
  started: z.number().default(0),
  finished: z.number().default(0),
  params: z.record(z.string(), z.string()).nullish(),
  stages: z.array(stage).nullish(),
});
export type Build = z.infer<typeof build>;
export const repoSettings = z.object({
  active: z.boolean(),
  protected: z.boolean().default(false),
  ignore_pull_requests: z.boolean().default(false),
  config_path: z.string().default(".drone.yml"),
  timeout: z.number(),
});
export const account = z.object({ admin: z.boolean() });

export type Called = { ok: true; status: number; body: unknown } | {
  ok: false;
  status: number;
  message: string;
};

interface Call {
  method: "GET" | "POST" | "DELETE";
  path: string;
  /** What the path is below. @default "repo" */
  below?: "repo" | "server";
}

/** Calls of Drone's API as the bridge makes them. Nothing here throws. */
export class DroneApi {
  readonly #options: DroneApiOptions;

  constructor(options: DroneApiOptions) {
    this.#options = options;
  }

  /** @returns `ok` for status 200 with JSON only; status 0 where nobody, or nobody sensible, answered */
  async call({ method, path, below = "repo" }: Call): Promise<Called> {
    const { url, token, repo, fetch, createFetch = fetch } = this.#options;
    const prefix = below === "repo" ? `/api/repos/${repo}` : "";
    try {
      const response = await (method === "POST" ? createFetch : fetch)(
        `${url.replace(/\/+$/, "")}${prefix}${path}`,
        {
          method,
          headers: { authorization: `Bearer ${token}` },
          redirect: "manual",
        },
      );
      const text = await response.text();
      if (response.status !== 200) {
        return {
          ok: false,
          status: response.status,
          message: `Drone answered ${response.status}${detail(text)}`,
        };
      }
      return { ok: true, status: 200, body: JSON.parse(text) };
    } catch (error) {
      const why = error instanceof SyntaxError ? "something that is no JSON" : message(error);
      return { ok: false, status: 0, message: `No answer of Drone: ${why}` };
    }
  }
}

/** Why Drone created no build. */
export function whyNot(answer: Extract<Called, { ok: false }>): string {
  switch (answer.status) {
    case 401:
      return "Drone does not know the bridge's token";
    case 404:
      return "Drone did not find the repository, branch or commit of its pipeline, or its owner has to log in again";
    case 500:
      return 'Drone failed to create the build; is there a ".drone.yml" at the pinned commit?';
    default:
      return answer.message;
  }
}

/** Drone's word on an error; often there is none. */
function detail(text: string): string {
  try {
    const parsed = z.object({ message: z.string().min(1) }).safeParse(JSON.parse(text));
    return parsed.success ? `: ${parsed.data.message.slice(0, 200)}` : "";
  } catch {
    return "";
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 200) : String(error);
}
