import * as z from "zod";
import { type Account, type AccountName, type Credentials, saveCredentials } from "../host/accounts.ts";
import { expectStatus, forgeApi, type ForgeCall } from "./api.ts";
import type { Paths } from "../host/paths.ts";
import type { Step } from "../host/progress.ts";

export const ORG = "recipe-maintainers";

/** Scopes of the tokens. The bot's are the least that the bridge works with. */
const SCOPES: Record<AccountName, string[]> = {
  admin: ["all"],
  maintainer: ["write:repository", "write:issue", "write:organization", "write:user"],
  outsider: ["write:repository", "write:issue", "write:user"],
  bot: ["read:organization", "read:repository", "write:issue"],
};

export interface SeedOptions {
  paths: Paths;
  gateway: string;
  credentials: Credentials;
  step: Step;
}

/** Users, the organisation with a read-only team for the bot, and a token each. Takes up what an earlier call left. */
export async function seedForge({ paths, gateway, credentials, step }: SeedOptions): Promise<void> {
  const { admin, maintainer, outsider, bot } = credentials.accounts;
  if (await isSeeded(gateway, credentials)) {
    step.done("already there");
    return;
  }
  const asAdmin = forgeApi(gateway, admin);
  for (const user of [maintainer, outsider, bot]) {
    expectStatus(
      await asAdmin("POST", "/admin/users", {
        username: user.name,
        password: user.password,
        email: `${user.name}@localhost.localdomain`,
        must_change_password: false,
      }),
      `make the user "${user.name}"`,
      201,
      422, // there already
    );
  }
  expectStatus(
    await asAdmin("POST", `/admin/users/${maintainer.name}/orgs`, { username: ORG, visibility: "public" }),
    `make the organisation "${ORG}"`,
    201,
    422,
  );
  const team = await ensureTeam(asAdmin);
  expectStatus(await asAdmin("PUT", `/teams/${team}/members/${bot.name}`), "put the bot into its team", 204);
  for (const name of ["admin", "maintainer", "outsider", "bot"] as const) {
    const account = credentials.accounts[name];
    if (account.token !== "" && await tokenWorks(gateway, account)) continue;
    account.token = await makeToken(gateway, { account, scopes: SCOPES[name] });
    await saveCredentials(paths, credentials);
  }
}

/** One question that only a complete seed answers with 204: may the bot see the maintainer's membership? */
async function isSeeded(gateway: string, { accounts }: Credentials): Promise<boolean> {
  if (Object.values(accounts).some((account) => account.token === "")) return false;
  const asBot = forgeApi(gateway, { name: accounts.bot.name, password: accounts.bot.token });
  return (await asBot("GET", `/orgs/${ORG}/members/${accounts.maintainer.name}`)).status === 204;
}

const teams = z.array(z.object({ id: z.number(), name: z.string() }));
const madeTeam = z.object({ id: z.number() });
const madeToken = z.object({ sha1: z.string() });

async function ensureTeam(asAdmin: ForgeCall): Promise<number> {
  const name = "bots";
  const listed = teams.parse(expectStatus(await asAdmin("GET", `/orgs/${ORG}/teams`), "list the teams", 200));
  const there = listed.find((team) => team.name === name);
  if (there !== undefined) return there.id;
  const made = await asAdmin("POST", `/orgs/${ORG}/teams`, {
    name,
    permission: "read",
    units: ["repo.code", "repo.issues", "repo.pulls"],
    includes_all_repositories: true,
  });
  return madeTeam.parse(expectStatus(made, "make the bot's team", 201)).id;
}

async function tokenWorks(gateway: string, account: Account): Promise<boolean> {
  const call = forgeApi(gateway, { name: account.name, password: account.token });
  return (await call("GET", "/repos/search?limit=1")).status === 200;
}

async function makeToken(
  gateway: string,
  { account, scopes }: { account: Account; scopes: string[] },
): Promise<string> {
  const call = forgeApi(gateway, account);
  const path = `/users/${account.name}/tokens`;
  // One of that name may be left from a start that died before it was stored; its text can't be read again.
  expectStatus(await call("DELETE", `${path}/cc-ci`), "remove an old token", 204, 404);
  const made = await call("POST", path, { name: "cc-ci", scopes });
  return madeToken.parse(expectStatus(made, `make a token for "${account.name}"`, 201)).sha1;
}
