import * as z from "zod";
import { expectStatus, forgeApi, type ForgeCall } from "../gitea/api.ts";
import { BRANCH, DRONE_URL, OWNER, PIPELINES } from "./files.ts";

const app = z.object({ client_id: z.string(), client_secret: z.string() });
const apps = z.array(z.object({ id: z.number(), name: z.string() }));
const file = z.object({ sha: z.string(), content: z.string() });
const branch = z.object({ commit: z.object({ id: z.string() }) });

const APP = "Drone";

/** The account that the pipelines belong to. It is in no organisation. */
export async function ensureOwner(
  gateway: string,
  { admin, password }: { admin: { name: string; password: string }; password: string },
): Promise<void> {
  const made = await forgeApi(gateway, admin)("POST", "/admin/users", {
    username: OWNER,
    password,
    email: `${OWNER}@localhost.localdomain`,
    must_change_password: false,
  });
  expectStatus(made, `make the user "${OWNER}"`, 201, 422); // 422: there already
}

/** Registers Drone as an OAuth application of the owner's; one that an earlier start did not remember is replaced. */
export async function registerApp(call: ForgeCall): Promise<{ id: string; secret: string }> {
  const path = "/user/applications/oauth2";
  const listed = apps.parse(expectStatus(await call("GET", path), "list the OAuth applications", 200));
  for (const { id, name } of listed) if (name === APP) await call("DELETE", `${path}/${id}`);
  const made = await call("POST", path, {
    name: APP,
    redirect_uris: [`${DRONE_URL}/login`],
    confidential_client: true,
  });
  const { client_id, client_secret } = app.parse(expectStatus(made, "register Drone at the forge", 201));
  return { id: client_id, secret: client_secret };
}

/**
 * Puts `.drone.yml` into the pipelines' repository, unless it is there just so.
 * @returns the commit to read it at
 */
export async function ensurePipelines(call: ForgeCall, text: string): Promise<string> {
  expectStatus(
    await call("POST", "/user/repos", {
      name: PIPELINES.split("/")[1],
      auto_init: true,
      default_branch: BRANCH,
    }),
    `make the repository "${PIPELINES}"`,
    201,
    409, // there already
  );
  const path = `/repos/${PIPELINES}/contents/.drone.yml`;
  const there = await call("GET", `${path}?ref=${BRANCH}`);
  const old = there.status === 200 ? file.parse(there.body) : null;
  const bytes = new TextEncoder().encode(text);
  const content = bytes.toBase64();
  if (old?.content.replaceAll(/\s/g, "") !== content) {
    const change = {
      // The push must start no build of its own: this machine has one runner.
      message: "Pipelines of this stack [ci skip]",
      branch: BRANCH,
      content,
      ...(old === null ? {} : { sha: old.sha }),
    };
    const put = await call(old === null ? "POST" : "PUT", path, change);
    expectStatus(put, `write ".drone.yml" to "${PIPELINES}"`, 201, 200);
  }
  const head = await call("GET", `/repos/${PIPELINES}/branches/${BRANCH}`);
  return branch.parse(expectStatus(head, `read the head of "${PIPELINES}"`, 200)).commit.id;
}
