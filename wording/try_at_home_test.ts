import assert from "node:assert/strict";
import { homeTarget, repositoryPage } from "./try_at_home.ts";

Deno.test("a recipe is tried from its repository's address, if that is one and names the recipe", () => {
  const cases: [page: string | null, target: string][] = [
    ["https://git.example.org/recipes/miniflux", "https://git.example.org/recipes/miniflux.git"],
    [
      "https://git.example.org:8443/a/recipes/Miniflux/",
      "https://git.example.org:8443/a/recipes/Miniflux.git",
    ],
    [null, "miniflux"],
    ["http://git.example.org/recipes/miniflux", "miniflux"],
    ["https://git.example.org/recipes/coop-miniflux-2", "miniflux"],
    ["https://user:word@git.example.org/recipes/miniflux", "miniflux"],
    ["https://git.example.org/$(id)/miniflux", "miniflux"],
    ["https://git.example.org/a;b/miniflux", "miniflux"],
    ["https://git.example.org/a/../miniflux", "miniflux"],
  ];
  for (const [page, target] of cases) assert.equal(homeTarget("miniflux", page), target, `${page}`);
});

Deno.test("a repository's page is told by that of a pull request or commit in it", () => {
  const page = "https://git.example.org/recipes/miniflux";
  assert.equal(repositoryPage(`${page}/pulls/12`, "recipes/miniflux"), page);
  assert.equal(repositoryPage(`${page}/commit/3fa9c1b`, "recipes/miniflux"), page);
  assert.equal(repositoryPage(`${page}/pulls/12`, "others/miniflux"), null);
  assert.equal(repositoryPage(null, "recipes/miniflux"), null);
});
