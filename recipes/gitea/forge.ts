import { equal } from "node:assert/strict";
import { exec, fetch, handed, type Page, page } from "cc-ci";

/** A call of Gitea's API as the administrator. */
export async function api(method: string, path: string, body?: unknown): Promise<Response> {
  const authorization = `Basic ${btoa(`ada:${await handed("password")}`)}`;
  const headers = { authorization, "content-type": "application/json" };
  return await fetch(`/api/v1${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const PUSH = `
set -eu
work=$(mktemp -d)
cd "$work"
git init --quiet --initial-branch=main
cat > note.txt
git add note.txt
git -c user.name=Ada -c user.email=ada@example.org commit --quiet --message "Write a note"
git push --quiet "http://ada:$1@localhost:3000/ada/$2.git" main
rm -rf "$work"
`;

/** Makes a repository by the API, and pushes a file to it with git. */
export async function pushNote(repo: string, text: string): Promise<void> {
  equal((await api("POST", "/user/repos", { name: repo })).status, 201);
  await exec("app", ["sh", "-c", PUSH, "sh", await handed("password"), repo], { stdin: text });
}

/** What the API says of that file. Gitea takes note of a push a moment later. */
export async function readNote(repo: string): Promise<string> {
  const answer = await api("GET", `/repos/ada/${repo}/raw/note.txt?ref=main`);
  return answer.status === 200 ? await answer.text() : `status ${answer.status}`;
}

/** A page on which the administrator has logged in. */
export async function logIn(): Promise<Page> {
  const browser = await page("/user/login");
  await browser.fill("#user_name", "ada");
  await browser.fill("#password", await handed("password"));
  await browser.click("form button.primary");
  await browser.waitFor({ selector: ".dashboard" });
  return browser;
}
