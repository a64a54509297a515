import assert from "node:assert/strict";
import { join } from "node:path";
import { loadCompose } from "../recipe/compose.ts";
import { findDockerClient } from "../../common/docker_client.ts";
import { checkConfinement, confine } from "./confinement.ts";
import { app, benign, type Fixture, fixtureEnv as env, hostile, readTwice } from "./testing/mod.ts";
import { isPublic } from "./images.ts";
import { type Door, doorsOf } from "./registry_doors.ts";
import { fillIn, type Finding } from "../lint/finding.ts";

const findings = (fixture: Fixture, exceptions: string[] = []) => check(fixture, exceptions);

/** @param client given, Docker has to read the same, too */
async function check(fixture: Fixture, exceptions: string[] = [], client?: string): Promise<Finding[]> {
  const folder = await Deno.makeTempDir();
  try {
    const files = typeof fixture.files === "string" ? { "compose.yml": fixture.files } : fixture.files;
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      await Deno.mkdir(join(path, ".."), { recursive: true });
      if (content.startsWith("->")) await Deno.symlink(content.slice(2), path);
      else await Deno.writeTextFile(path, content);
    }
    const compose = await loadCompose(folder, { ...env, ...fixture.env });
    assert.ok(compose.ok, compose.ok ? "" : `${compose.file}:${compose.line}: ${compose.message}`);
    const options = { checkout: folder, stack: env.STACK_NAME, domains: [env.DOMAIN], exceptions };
    return client === undefined
      ? checkConfinement(compose, options)
      : (await confine(compose, { ...options, client, resolve, ask })).findings;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const [name, fixture] of Object.entries(hostile)) {
  Deno.test(`refuses: ${name}`, async () => {
    const found = await findings(fixture);
    const errors = found.filter(({ severity }) => severity === "error");
    assert.ok(
      errors.some(({ rule }) => rule === fixture.rule),
      `Expected ${fixture.rule}, found ${JSON.stringify(found)}`,
    );
  });
}

async function resolve(host: string): Promise<string[]> {
  const known: Record<string, string[]> = {
    "public.example.org": ["93.184.216.34", "2606:2800:220:1::1"],
    "loopback.example.org": ["::ffff:127.0.0.1"],
    "xn--e1afmkfd.xn--p1ai": ["169.254.169.254"],
    "mixed.example.org": ["93.184.216.34", "10.0.0.1"],
  };
  return await Promise.resolve(
    known[host] ??
      (/^(token|redirect)-/.test(host)
        ? ["93.184.216.34"]
        : Promise.reject(Object.assign(new Error("no such host"), { code: "ENOTFOUND" }))),
  );
}

/** Where registries of the fixtures send their callers; the others do not answer. */
async function ask({ hostname, href }: URL): Promise<Door[] | null> {
  const answers: Record<string, Record<string, string>> = {
    "token-loopback.example.org": {
      "www-authenticate": 'Bearer realm="http://127.0.0.1:3181/token",service="x"',
    },
    "token-metadata.example.org": { "www-authenticate": "Bearer realm=http://169.254.169.254/latest" },
    "token-inside.example.org": { "www-authenticate": 'Bearer realm="https://mixed.example.org/token"' },
    "redirect-loopback.example.org": { location: "http://[::1]:2375/v1/" },
    "redirect-token.example.org": { location: "https://token-loopback.example.org/v2/" },
    "public.example.org": { "www-authenticate": 'Bearer realm="https://token-fine.example.org/token"' },
  };
  const headers = answers[hostname];
  return await Promise.resolve(headers === undefined ? null : doorsOf(new URL(href), new Headers(headers)));
}

/** Tests of both readers need a docker client, though no engine. */
const client = await findDockerClient();
const missing = client === null ? " (no docker client here has `stack config`)" : "";

for (const [name, fixture] of Object.entries(readTwice)) {
  Deno.test({
    name: `refuses, once Docker has read it too: ${name}${missing}`,
    ignore: client === null,
    fn: async () => {
      assert.deepEqual(
        (await findings(fixture)).map(({ rule }) => rule),
        [],
        "was seen before Docker read it",
      );
      const found = await check(fixture, [], client ?? "");
      assert.deepEqual([...new Set(found.map(({ rule }) => rule))], [fixture.rule], JSON.stringify(found));
    },
  });
}

for (const [name, fixture] of Object.entries(benign)) {
  Deno.test(`accepts: ${name}`, async () => assert.deepEqual(await findings(fixture), []));
  Deno.test({
    name: `Docker reads the same: ${name}${missing}`,
    ignore: client === null,
    fn: async () => assert.deepEqual(await check(fixture, [], client ?? ""), []),
  });
}

Deno.test("every rule that the checks can report has a hostile recipe", async () => {
  const named = new Set<string>();
  for await (const { name } of Deno.readDir(new URL(".", import.meta.url))) {
    if (!name.endsWith(".ts") || name.endsWith("_test.ts")) continue;
    const text = await Deno.readTextFile(new URL(name, import.meta.url));
    for (const [rule] of text.matchAll(/confine\.[a-z-]+/g)) named.add(rule);
  }
  assert.ok(named.size > 20, "the source names its rules some other way now");
  const shown = new Set(Object.values({ ...hostile, ...readTwice }).map(({ rule }) => rule));
  assert.deepEqual([...named].filter((rule) => !shown.has(rule)), []);
});

Deno.test("a finding says where, what and what to do", async () => {
  const [finding] = await findings({ files: app("volumes:\n  - /etc/localtime:/etc/localtime:ro") });
  assert.deepEqual(finding, {
    rule: "confine.bind",
    severity: "error",
    file: "compose.yml",
    line: 5,
    message: 'Service "app" mounts "/etc/localtime" of the host',
    subject: "/etc/localtime",
    hint: "Use a named volume, or a config for a file of the recipe",
  });
});

Deno.test("a slip of the pen is told with the key that was meant, and is no ban", async () => {
  const said = async (files: Fixture["files"]) =>
    (await findings({ files })).map(({ rule, message }) => `${rule}: ${message}`);
  assert.deepEqual(await said(app("imgae: nginx:2")), [
    'parse.shape: There is no key "imgae"; did you mean "image"?',
  ]);
  assert.deepEqual(await said(app("deploy: {update_config: {ordre: x}}")), [
    'parse.shape: There is no key "ordre"; did you mean "order"?',
  ]);
});

Deno.test("the enrolment may permit a rule, or one case of it, and nothing else", async () => {
  const fixture = {
    files: app("volumes: ['/etc/localtime:/etc/localtime:ro', '/etc:/x']\nprivileged: true"),
  };
  const rules = async (...exceptions: string[]) =>
    (await findings(fixture, exceptions)).map(({ rule, subject }) => `${rule}=${subject}`);
  assert.deepEqual(await rules("confine.bind=/etc/localtime"), [
    "confine.privileged=true",
    "confine.bind=/etc",
  ]);
  assert.deepEqual(await rules("confine.bind"), ["confine.privileged=true"]);
  assert.equal((await rules("bind", "confine", "confine.b", "confine.bind=/etc/local")).length, 3);
});

Deno.test("the enrolment may permit one published port by its number", async () => {
  const fixture = { files: app("ports: ['8448:8448', '3181:80', {target: 1, published: 8448}, 9000]") };
  const subjects = async (...exceptions: string[]) =>
    (await findings(fixture, exceptions)).map(({ subject }) => subject);
  assert.deepEqual(await subjects("confine.port=8448"), ["3181", "random"]);
  assert.deepEqual(await subjects("confine.port=80"), ["8448", "3181", "8448", "random"]);
});

Deno.test("an exception may name the run's own stack and domain, for labels, images, ports and mounts alike", async () => {
  const files = `services:
  app:
    image: "\${DOMAIN}:5000/app:1"
    ports: ["8448:8448"]
    volumes: ["/srv/\${STACK_NAME}/\${DOMAIN}:/data"]
    deploy:
      labels:
        - "traefik.tcp.routers.\${STACK_NAME}-ssh.rule=HostSNI(\`*\`)"
        - "coop-cloud.\${STACK_NAME}.backupbot.enabled=true"
        - "\${DOMAIN}.note=x"
`;
  const exceptions = [
    "confine.image=${DOMAIN}:5000",
    "confine.port=8448",
    "confine.bind=/srv/${STACK_NAME}/${DOMAIN}",
    "confine.router=traefik.tcp.routers.${STACK_NAME}-ssh.rule",
    "confine.label=${DOMAIN}.note",
  ];
  const rules = async (stack: string, domain: string) =>
    (await findings({ files }, fillIn(exceptions, { stack, domain }))).map(({ rule }) => rule).sort();
  assert.deepEqual(await rules(env.STACK_NAME, env.DOMAIN), []);
  // Filled in for another run they permit the port alone.
  assert.deepEqual(await rules("cust-fffff0_ci_localhost", "cust-fffff0.ci.localhost"), [
    "confine.bind",
    "confine.image",
    "confine.label",
    "confine.router",
  ]);
});

Deno.test("addresses that mean something else on every network are not public", () => {
  const inner = [
    "127.0.0.1",
    "10.1.2.3",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "0.0.0.0",
  ];
  const more = [
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "::ffff:10.0.0.1",
    "2002:7f00:1::",
    "2001:0:1::1",
  ];
  assert.deepEqual([...inner, ...more].filter(isPublic), []);
  assert.deepEqual(
    ["93.184.216.34", "2606:2800:220:1::1", "172.32.0.1", "::ffff:8.8.8.8"].filter((one) => !isPublic(one)),
    [],
  );
});
