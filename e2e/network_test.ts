import assert from "node:assert/strict";
import { join } from "node:path";
import { execOk } from "../common/exec.ts";
import { waitFor } from "../common/time.ts";
import { runFolders } from "../harness/run/folder.ts";
import { type ComposeFile, makeRecipe } from "./fixture_recipe.ts";
import { HARNESS, runRecipe } from "./harness_cli.ts";
import { INTERNET, METADATA, neighbour, passOn, PRIVATE, PUBLIC, services } from "./neighbourhood.ts";
import { type Bench, onTheStack, stage } from "./on_the_stack.ts";

const SWARM_PORTS = [2377, 7946, 4789];
const OTHER = "e2e-other_app";

const docker = async (...args: string[]) => (await execOk(["docker", ...args])).stdout.trim();

/** What somebody in a container tries: shell commands that end well when they get what they want. */
type Attempts = Record<string, string>;
const http = (url: string) => `curl -sf -o /dev/null -m 3 ${url}`;
const udp = (address: string, port: number) =>
  `perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Proto => "udp", PeerAddr => "${address}:${port}") ` +
  `or exit 1; alarm 3; $s->send("x") or exit 1; $s->recv(my $b, 9); exit($b eq "x" ? 0 : 1)'`;

/** Tries all of them in a container. @returns what was got, by name */
async function attempt(container: string, attempts: Attempts): Promise<Record<string, boolean>> {
  const script = Object.values(attempts).map((command) =>
    `(${command}) 2> /dev/null && echo got || echo not`
  );
  const said = (await docker("exec", container, "sh", "-c", script.join("\n"))).split("\n");
  return Object.fromEntries(Object.keys(attempts).map((name, index) => [name, said[index] === "got"]));
}

/** Container of a service that runs. */
const containerOf = (label: string) =>
  waitFor(async () => (await docker("ps", "-q", "--filter", `label=${label}`)).split("\n")[0] || undefined, {
    what: `a container with the label "${label}"`,
    timeoutMs: 60_000,
    everyMs: 50,
  });

/** Address of a container on the network that all apps share. */
const addressOf = (container: string) =>
  docker("inspect", "--format", "{{.NetworkSettings.Networks.proxy.IPAddress}}", container);

/** A service on the network that all apps share. */
async function service(
  name: string,
  { stack, mode }: { stack: string; mode: "dnsrr" | "vip" },
): Promise<AsyncDisposable> {
  const label = `com.docker.stack.namespace=${stack}`;
  await docker(
    ...["service", "create", "--detach", "--quiet", "--name", name, "--network", "proxy"],
    ...["--label", label, "--container-label", label, "--endpoint-mode", mode],
    ...["--no-resolve-image", "nginx:1.22.1"],
  );
  return { [Symbol.asyncDispose]: async () => void await docker("service", "rm", name) };
}

/** An app with a neighbour on each kind of network. */
async function installedApp(bench: Bench) {
  const compose = (file: ComposeFile) => {
    const { app = {} } = file.services;
    app.networks = ["proxy", "internal"];
    file.networks = { ...file.networks, internal: null };
    const plain = { image: app.image, healthcheck: app.healthcheck };
    file.services.inner = { ...plain, networks: ["internal"] };
    file.services.outer = { ...plain, networks: ["proxy"] };
  };
  const path = await makeRecipe(join(bench.folder, "quick"), { compose });
  const ended = await runRecipe(bench.stack, {
    runs: bench.runs,
    args: [path, "--only", "install", "--keep"],
    env: { CCCI_REQUIRE_FLOOR: "1" },
  });
  assert.equal(stage(ended, "install")?.result, "passed", ended.stderr);
  const folder = (await runFolders(bench.runs))[0];
  const app = (await folder?.plan())?.apps.find(({ lane }) => lane === "install");
  const remove = [...HARNESS, "remove", folder?.path ?? ""];
  return {
    stack: app?.stack ?? "",
    domain: app?.domain ?? "",
    [Symbol.asyncDispose]: async () =>
      void await execOk(remove, { cwd: new URL("..", import.meta.url).pathname, env: bench.stack.env }),
  };
}

onTheStack(
  "an app reaches its own, names, the internet and itself through the proxy, and nothing else",
  async (bench) => {
    const gateway = await docker(
      ...["network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", "docker_gwbridge"],
    );
    await using _neighbour = await neighbour([80, 3999, ...SWARM_PORTS]);
    await using _onGateway = await services(gateway, { ports: [3999, ...SWARM_PORTS] });
    await using _onPublic = await services(PUBLIC, { ports: [3999, 22] });
    using _ingress = passOn({ hostname: PUBLIC, port: 443 }, { hostname: "127.0.0.1", port: 443 });
    await using _other = await service(OTHER, { stack: "e2e-other", mode: "dnsrr" });
    const other = await containerOf(`com.docker.swarm.service.name=${OTHER}`);
    const traefik = await containerOf("com.docker.swarm.service.name=cc-ci-traefik_app");
    await using app = await installedApp(bench);
    const container = await containerOf(`com.docker.swarm.service.name=${app.stack}_app`);

    const open: Attempts = {
      "the internet": http(`http://${INTERNET}:3999/`),
      "the internet, by UDP": udp(INTERNET, 3999),
      "its own domain, as a visitor":
        `curl -sfk -o /dev/null -m 3 --resolve ${app.domain}:443:${PUBLIC} https://${app.domain}/`,
      "itself": http("http://127.0.0.1/"),
      "the answer that there is no such name": // from beyond this machine: rcode 3
        'perl -MIO::Socket::INET -e \'my $s = IO::Socket::INET->new(Proto => "udp", PeerAddr => "127.0.0.11:53"); ' +
        'alarm 5; $s->send(pack("n6", 7, 256, 1, 0, 0, 0) . "\\x07no-such\\x07invalid\\x00" . pack("n2", 1, 1)); ' +
        '$s->recv(my $b, 512); exit((unpack("n2", $b))[1] % 16 == 3 ? 0 : 1)\'',
    };
    const own: Attempts = {
      "its own, on its network": http("http://inner/"),
      "its own, on the shared network": http("http://outer/"),
      "its own, by the stack's name": http(`http://${app.stack}_outer/`),
    };
    const closed: Attempts = {
      "raw packets": "perl -e 'exit(socket(S, 17, 3, 768) ? 0 : 1)'",
      "a service on the gateway": http(`http://${gateway}:3999/`),
      "a service on the gateway, by UDP": udp(gateway, 3999),
      "a service on the host's public address": http(`http://${PUBLIC}:3999/`),
      "SSH on the host's public address": http(`http://${PUBLIC}:22/`),
      "the metadata address": http(`http://${METADATA}/`),
      ...Object.fromEntries(
        PRIVATE.map((address) => [`private ${address}`, http(`http://${address}:3999/`)]),
      ),
      ...Object.fromEntries(SWARM_PORTS.flatMap((port) => [
        [`Swarm's port ${port} on the gateway`, http(`http://${gateway}:${port}/`)],
        [`Swarm's port ${port} on the internet`, http(`http://${INTERNET}:${port}/`)],
        [`Swarm's port ${port} on the internet, by UDP`, udp(INTERNET, port)],
      ])),
      "another stack, by name": http(`http://${OTHER}/`),
      "another stack, by address": http(`http://${await addressOf(other)}/`),
      "Traefik, on the shared network": `curl -s -o /dev/null -m 3 http://${await addressOf(traefik)}/`,
    };
    const others = await attempt(other, { ...open, ...closed });
    const got = await attempt(container, { ...open, ...own, ...closed });
    const word = (one: boolean | undefined) => one === undefined ? "-" : one ? "reached" : "refused";
    const lines = Object.keys(got).map((name) =>
      `${name} | ${word(others[name])} | ${word(got[name])}
`
    );
    await Deno.stdout.write(new TextEncoder().encode(lines.join("")));

    const all = (attempts: Attempts, reached: boolean) =>
      Object.fromEntries(Object.keys(attempts).map((name) => [name, reached]));
    // What a container that is no run's reaches is there: the rest is worth nothing without.
    assert.deepEqual(others, { ...all(open, true), ...all(closed, true) });
    assert.deepEqual(got, { ...all(open, true), ...all(own, true), ...all(closed, false) });
  },
);

onTheStack("addresses that stand for an app's services are its own on the shared network, too", async () => {
  const stack = "e2e-0a1b2c_ci_localhost"; // as a run calls its stack
  const names = [`${stack}_one`, `${stack}_two`] as const;
  await using _one = await service(names[0], { stack, mode: "vip" });
  await using _two = await service(names[1], { stack, mode: "vip" });
  const addresses = await Promise.all(names.map(async (name) => {
    const format = "{{range .Endpoint.VirtualIPs}}{{.Addr}} {{end}}";
    const [virtual = ""] = (await docker("service", "inspect", "--format", format, name)).split("/");
    return [virtual, await addressOf(await containerOf(`com.docker.swarm.service.name=${name}`))];
  }));
  const wanted = addresses.flat().map((address) => `-A CC-CI-PEERS -d ${address}/32 -j ACCEPT`).sort();
  for (const name of names) {
    const container = await containerOf(`com.docker.swarm.service.name=${name}`);
    const pid = await docker("inspect", "--format", "{{.State.Pid}}", container);
    const rules = async () =>
      (await execOk(["nsenter", `--net=/proc/${pid}/ns/net`, "--", "iptables", "-S", "CC-CI-PEERS"]))
        .stdout.trim().split("\n").slice(1).sort();
    await waitFor(async () => (await rules()).length === wanted.length, {
      what: "the rules of both containers",
      timeoutMs: 20_000,
      everyMs: 50,
    });
    assert.deepEqual(await rules(), wanted);
  }
});
