import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import { execOk } from "../../common/exec.ts";
import { schemaError } from "../abra/schema.ts";
import { hostRecipes, type Place, publishHostRecipes } from "./publish.ts";

async function published<T>(place: Place, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    await publishHostRecipes(folder, place);
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function git(folder: string, recipe: string, ...args: string[]): Promise<string> {
  return (await execOk(["git", "-C", join(folder, `${recipe}.git`), ...args])).stdout.trim();
}

Deno.test("recipes of the host's own apps: the same sources give the same annotated tags, and abra's schema holds", async () => {
  const tagsOf = async (folder: string) => {
    const tags: string[] = [];
    for (const recipe of hostRecipes) {
      const [tag = ""] = (await git(folder, recipe, "tag", "--list")).split("\n");
      equal(await git(folder, recipe, "cat-file", "-t", `refs/tags/${tag}`), "tag");
      tags.push(`${recipe} ${tag} ${await git(folder, recipe, "rev-parse", tag)}`);
      for (const file of (await git(folder, recipe, "ls-files", "compose*.yml")).split("\n")) {
        equal(
          schemaError(parse(await Deno.readTextFile(join(folder, `${recipe}.git`, file)))),
          undefined,
          file,
        );
      }
      match(
        await git(folder, recipe, "ls-files", "release"),
        new RegExp(`release/${tag.replaceAll("+", "\\+")}`),
      );
    }
    return tags;
  };
  deepEqual(await published({}, tagsOf), await published({}, tagsOf));
});

Deno.test("recipes of the host's own apps: where a machine is another one than a host, they say so, and nowhere else", async () => {
  const compose = (recipe: string) => (folder: string) =>
    Deno.readTextFile(join(folder, `${recipe}.git`, "compose.yml"));
  const place: Place = {
    volumes: "/cache/docker/volumes",
    forge: { host: "git.ci.localhost", address: "172.18.0.1", ca: "/state/ca.pem" },
  };
  const bot = parse(await published(place, compose("backup-bot-two")));
  equal(bot.services.app.volumes[1], "/cache/docker/volumes/:/var/lib/docker/volumes/");
  const drone = parse(await published(place, compose("drone")));
  deepEqual(drone.services.app.extra_hosts, ["git.ci.localhost:172.18.0.1"]);
  deepEqual(drone.services.app.volumes, [
    "drone_data:/data",
    "/state/ca.pem:/etc/ssl/certs/ca-certificates.crt:ro",
  ]);
  const plain = parse(await published({}, compose("drone")));
  equal(plain.services.app.extra_hosts, undefined);
  deepEqual(plain.services.app.volumes, ["drone_data:/data"]);
});
