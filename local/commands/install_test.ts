import assert from "node:assert/strict";
import { join } from "node:path";
import { install } from "./install.ts";

const settings = {
  domain: "ci.example.org",
  forge: { url: "https://git.example.org", org: "recipe-maintainers" },
  drone: {},
};

Deno.test("what an installation lacks is told before anything is written", async () => {
  const root = await Deno.makeTempDir();
  const lacking = async (message: RegExp, hint: RegExp) => {
    const before = JSON.stringify([...Deno.readDirSync(root)]);
    await assert.rejects(
      install(["--root", root]),
      (error: Error & { hint?: string }) => message.test(error.message) && hint.test(error.hint ?? ""),
    );
    assert.equal(JSON.stringify([...Deno.readDirSync(root)]), before);
  };
  try {
    await lacking(
      /^Could not install: there is no ".*\/etc\/cc-ci\/host\.json"/,
      /The least that it needs: \{"domain"/,
    );
    await Deno.mkdir(join(root, "etc/cc-ci/secrets"), { recursive: true });
    const file = join(root, "etc/cc-ci/host.json");
    await Deno.writeTextFile(file, JSON.stringify({ ...settings, domain: "CI" }));
    await lacking(/domain: must be a domain name in lower case/, /Put that right/);
    await Deno.writeTextFile(file, JSON.stringify(settings));
    await lacking(
      /^Could not install: the host lacks secrets: bridge_token, .*drone_client_secret$/,
      /"\.\/cc-ci secrets new"/,
    );
    for (
      const name of ["bridge_token", "runner_token", "webhook_secret", "drone_token", "drone_rpc_secret"]
    ) {
      await Deno.writeTextFile(join(root, "etc/cc-ci/secrets", name), "a value");
    }
    await Deno.writeTextFile(join(root, "etc/cc-ci/secrets/forge_token"), "\n");
    await lacking(
      /lacks secrets: forge_token, drone_client_id, drone_client_secret$/,
      /put a file for each into "\/etc\/cc-ci\/secrets"/,
    );
    await assert.rejects(install(["--root", root, "--prefix", "opt"]), /it is no absolute path/);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
