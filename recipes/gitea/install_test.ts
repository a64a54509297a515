import { equal, match } from "node:assert/strict";
import { eventually, exec, fetch, secret, test } from "cc-ci";
import { api, logIn, pushNote, readNote } from "./forge.ts";

test("what git pushes is in the API and on the pages", async () => {
  await pushNote("pushed", "Written by cc-ci");
  await eventually(async () => match(await readNote("pushed"), /Written by cc-ci/));
  const browser = await logIn();
  await browser.goto("/ada/pushed");
  match(await browser.text("#repo-files-table"), /note\.txt/);
  await browser.screenshot("repository");
});

test("a new repository is private", async () => {
  equal((await api("POST", "/user/repos", { name: "secrets" })).status, 201);
  equal((await fetch("/ada/secrets")).status, 404);
});

test("figures are for those who have the token, where the overlay is switched on", async () => {
  const { stdout } = await exec("app", ["sh", "-c", "echo ${METRICS:-off}"]);
  const on = stdout.trim() === "true";
  equal((await fetch("/metrics")).status, on ? 401 : 404);
  if (!on) return;
  const headers = { authorization: `Bearer ${await secret("metrics_token")}` };
  match(await (await fetch("/metrics", { headers })).text(), /^gitea_users\{state="active"\} [1-9]/m);
});
