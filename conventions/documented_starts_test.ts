import assert from "node:assert/strict";
import { rootCertificates } from "node:tls";
import { exec } from "../common/exec.ts";
import { bridgeSettings, dashboardSettings } from "../programs/testing/settings.ts";
import { root } from "./testing/tree.ts";

/**
 * Runs a command of docs/operating.md, word for word, where `/var/lib` is empty and nobody else listens: in namespaces
 * for mounts and the network. Whoever is root needs no namespace for users.
 * @param extra what is typed after the command
 * @param until ends the program as an operator does, once it has said this
 */
async function start(
  program: "bridge" | "dashboard",
  { env, extra = "", until }: { env: Record<string, string>; extra?: string; until?: RegExp },
) {
  const prelude = "mount -t tmpfs tmpfs /var/lib && ip link set lo up && mkdir -p /var/lib/ca && " +
    `printf %s "$CA" > /var/lib/ca/ca.pem && `;
  const command = (await documentedCommands()).find((one) => one.endsWith(`${program}.ts`)) ?? assert.fail();
  const user = Deno.uid() === 0 ? [] : ["--user", "--map-root-user"];
  const stop = new AbortController();
  let said = "";
  const { code } = await exec(
    ["unshare", ...user, "--mount", "--net", "--", "sh", "-c", `${prelude}exec ${command} ${extra}`],
    {
      cwd: root,
      env: { ...env, CA: rootCertificates[0] ?? "", NO_COLOR: "1" },
      signal: stop.signal,
      onOutput: (chunk) => {
        said += new TextDecoder().decode(chunk);
        if (until?.test(said)) stop.abort();
      },
    },
  );
  return { code, said };
}

async function documentedCommands(): Promise<string[]> {
  const text = await Deno.readTextFile(`${root}docs/operating.md`);
  const block = /^## Starting them from a checkout$[^]*?^```sh\n([^]*?)^```/m.exec(text)?.[1] ??
    assert.fail();
  return block.replaceAll("\\\n", "").split("\n").filter((line) => /^\w/.test(line)).map((line) =>
    line.trim()
  );
}

const ofDashboard = dashboardSettings("/var/lib/cc-ci/dashboard");
const ofBridge = bridgeSettings("/var/lib/cc-ci/bridge");

Deno.test("docs/operating.md: both programs start as it says, with a state folder that they make", async () => {
  const [dashboard, bridge] = await Promise.all([
    start("dashboard", { env: ofDashboard, until: /"message":"Listening"/ }),
    start("bridge", { env: ofBridge, until: /"message":"listening"/ }),
  ]);
  assert.match(dashboard.said, /"message":"Listening".*"port":3181/);
  assert.match(bridge.said, /"message":"listening".*"address":"127\.0\.0\.1:3182"/);
  for (const { said } of [dashboard, bridge]) assert.doesNotMatch(said, /access|Uncaught/);
});

Deno.test("docs/operating.md: the bridge asks our own forge with the system's CAs, and beside more of them", async () => {
  const own = { ...ofBridge, CCCI_BASE_DOMAIN: "example.org" };
  const file = "/var/lib/ca/ca.pem";
  const answers = await Promise.all([
    start("bridge", { env: own, extra: "--check" }),
    start("bridge", { env: { ...own, NODE_EXTRA_CA_CERTS: file }, extra: "--check" }),
  ]);
  for (const { code, said } of answers) {
    assert.match(said, /connect ECONNREFUSED 127\.0\.0\.1:443/);
    assert.equal(code, 1);
  }
});

Deno.test("--check and every start name all that Deno does not let a program do, without a stack trace", async () => {
  const elsewhere = { CCCI_STATE: "/var/lib/elsewhere" };
  const [check, bridge, dashboard] = await Promise.all([
    start("bridge", {
      env: { ...ofBridge, ...elsewhere, CCCI_ENGINE: "local", CCCI_FORGE_URL: "http://other.example:3000" },
      extra: "--check",
    }),
    start("bridge", { env: { ...ofBridge, ...elsewhere } }),
    start("dashboard", { env: { ...ofDashboard, ...elsewhere, CCCI_LISTEN: "127.0.0.1:80" } }),
  ]);
  assert.match(check.said, /✗ .* start "sh", "kill": .*permission set "bridge-local"/);
  assert.match(check.said, /✗ .* speak to "other\.example:3000": add it to --allow-net/);
  for (const { said } of [check, bridge, dashboard]) {
    assert.match(said, /read "\/var\/lib\/elsewhere": add it to --allow-read/);
    assert.match(said, /write "\/var\/lib\/elsewhere": add it to --allow-write/);
    assert.doesNotMatch(said, /Uncaught|NotCapable|^ +at /m);
  }
  assert.match(dashboard.said, /listen on or speak to "127\.0\.0\.1:80"/);
  assert.deepEqual([check.code, bridge.code, dashboard.code], [1, 2, 2]);
});
