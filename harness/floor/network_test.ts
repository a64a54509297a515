import assert from "node:assert/strict";
import { join } from "node:path";
import { fromFileUrl } from "../../common/files.ts";
import { exec } from "../../common/exec.ts";
import { CONTAINER } from "./testing/recorded.ts";
import { runtime } from "./testing/runtime.ts";

const RUN = "cust-0a1b2c_ci_localhost";
const ids = ["1", "2", "3"].map((digit) => CONTAINER.replace(/^./, digit)) as [string, string, string];
/** Network namespaces are root's to make. */
const root = { ignore: Deno.uid() !== 0 };

/** A container with a network of its app's own and one that others share. */
const member = (index: 0 | 1 | 2, stack = RUN) => ({
  id: ids[index],
  stack,
  networks: { [`${stack}_internal`]: `10.0.3.1${index}`, proxy: `10.0.1.1${index}` },
  interfaces: { eth0: `10.0.3.1${index}/24`, eth1: `10.0.1.1${index}/24`, eth2: `172.18.0.1${index}/16` },
});
const peers = (rules: string[]) => rules.filter((rule) => rule.startsWith("-A CC-CI-PEERS"));

Deno.test(
  "the network: rules hold before a container of a run starts, and open its app's own networks only",
  root,
  async () => {
    await using one = await runtime(RUN);
    assert.ok((await one.create(member(0))).success);
    assert.ok(!(await one.notes()).some((note) => note.includes(" start ")));
    const { success, stderr } = await one.call("start", ids[0]);
    assert.ok(success, stderr);
    const rules = await one.rules(ids[0]);
    assert.deepEqual(rules.filter((rule) => rule.startsWith("-A CC-CI-OWN")), [
      "-A CC-CI-OWN -d 10.0.3.0/24 -o eth0 -j ACCEPT",
    ]);
    assert.ok(rules.includes("-A OUTPUT -j CC-CI"));
    assert.ok(rules.some((rule) => rule.startsWith("-A CC-CI -d 169.254.0.0/16 -j REJECT")));
    const six = await one.rules(ids[0], "ip6tables");
    assert.ok(six.some((rule) => rule.startsWith("-A CC-CI -d fc00::/7 -j REJECT")));
    assert.match((await one.notes()).at(-1) ?? "", new RegExp(` start ${ids[0]}$`));
  },
);

Deno.test(
  "the network: an app's containers meet on a shared network, and no longer once one has gone",
  root,
  async () => {
    await using one = await runtime(RUN);
    for (const made of [member(0), member(1), member(2, "cust-ffffff_ci_localhost")]) {
      assert.ok((await one.create(made)).success);
      assert.ok((await one.call("start", made.id)).success);
    }
    const both = ["10.0.1.10/32", "10.0.1.11/32"].map((address) => `-A CC-CI-PEERS -d ${address} -j ACCEPT`);
    assert.deepEqual(peers(await one.rules(ids[0])), both);
    assert.deepEqual(peers(await one.rules(ids[1])), both);
    assert.deepEqual(peers(await one.rules(ids[2])), ["-A CC-CI-PEERS -d 10.0.1.12/32 -j ACCEPT"]);
    assert.ok((await one.call("delete", ids[1])).success);
    assert.deepEqual(peers(await one.rules(ids[0])), both.slice(0, 1));
  },
);

Deno.test(
  "the network: a container of a run does not start without its rules, nor on the host's network",
  root,
  async () => {
    await using one = await runtime(RUN);
    assert.ok((await one.create()).success);
    const hosts = await one.call("start", CONTAINER);
    assert.equal(hosts.success, false);
    assert.match(hosts.stderr, /host's own network/);

    assert.ok((await one.create(member(0))).success);
    await Deno.remove(join(one.at("state"), ids[0], "cc-ci-floor", "rules4"));
    assert.equal((await one.call("start", ids[0])).success, false);
    assert.ok(!(await one.notes()).some((note) => note.includes(" start ")));
  },
);

Deno.test("the network: containers of others get no rules", root, async () => {
  await using one = await runtime("traefik_ci_localhost");
  const made = member(0, "traefik_ci_localhost");
  assert.ok((await one.create(made)).success);
  assert.ok((await one.call("start", made.id)).success);
  assert.ok(!(await one.rules(made.id)).includes("-A OUTPUT -j CC-CI"));
});

Deno.test(
  "the network: an address that stands for a service is its app's, as the engine says",
  root,
  async () => {
    await using one = await runtime(RUN);
    const answer = JSON.stringify({ Endpoint: { VirtualIPs: [{ NetworkID: "n", Addr: "10.0.1.99/24" }] } });
    const listener = Deno.listen({ transport: "unix", path: one.at("docker.sock") });
    let asked = "";
    const engine = (async () => {
      using connection = await listener.accept();
      const buffer = new Uint8Array(1000);
      asked = new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
      await connection.write(new TextEncoder().encode(`HTTP/1.0 200 OK\r\n\r\n${answer}`));
    })();
    assert.ok((await one.create(member(0))).success);
    listener.close();
    await engine;
    assert.match(asked, /^GET \/services\/[a-z0-9]+ HTTP\/1\.0\r\n/);
    assert.ok((await one.call("start", ids[0])).success);
    assert.ok(peers(await one.rules(ids[0])).includes("-A CC-CI-PEERS -d 10.0.1.99/32 -j ACCEPT"));
  },
);

Deno.test("the network: a host whose iptables does not load rules lacks the floor", root, async () => {
  await using one = await runtime(RUN);
  const at = fromFileUrl(import.meta.resolve("./runtime.sh"));
  const check = (PATH: string) =>
    exec([at, "--ccci-floor"], {
      env: { CCCI_RUNC: "/bin/true", CCCI_DENO: Deno.execPath(), CCCI_FLOOR: one.at("limits"), PATH },
    });
  const path = Deno.env.get("PATH") ?? "";
  assert.equal(JSON.parse((await check(path)).stdout).floor, 2);
  await Deno.mkdir(one.at("bin"));
  await Deno.writeTextFile(one.at("bin/ip6tables-restore"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  const without = await check(`${one.at("bin")}:${path}`);
  assert.equal(without.success, false);
  assert.match(without.stderr, /could not load the rules/);
});

Deno.test(
  "the network: names that no DNS says are the container's before anything of it starts",
  root,
  async () => {
    const limits = { memoryBytes: 1e9, processes: 10, cpus: 1 };
    const hosts = {
      "login-0a1b2c.ci.localhost": "172.20.0.1",
      "evil\n1.2.3.4 x": "172.20.0.1",
      "other.ci.localhost": "172.20.0.1 6.6.6.6",
    };
    await using one = await runtime(RUN, JSON.stringify({ ...limits, hosts }));
    assert.ok((await one.create(member(0))).success);
    const own = one.at("docker/containers", ids[0], "hosts");
    await Deno.writeTextFile(own, "127.0.0.1 localhost\n"); // by Docker, once it has made the interfaces
    const started = await one.call("start", ids[0]);
    assert.ok(started.success, started.stderr);
    assert.equal(
      await Deno.readTextFile(own),
      "127.0.0.1 localhost\n172.20.0.1 login-0a1b2c.ci.localhost\n",
    );
  },
);
