import assert from "node:assert/strict";
import { execOk } from "../common/exec.ts";
import { waitFor } from "../common/time.ts";
import { PORTS } from "../local/host/paths.ts";
import { silentProgress } from "../local/host/progress.ts";
import { ensureStack, type Stack } from "../local/stack/stack.ts";
import { ensureRelay, stopRelay } from "../local/traefik/relay_process.ts";
import { ensureCertificates, ensureInsideCertificates } from "../local/traefik/tls.ts";
import { stackFetch, stackForRuns } from "./harness_cli.ts";
import { services } from "./neighbourhood.ts";
import { onRealServices } from "./scene.ts";

/** Prints a line for each packet on docker_gwbridge that has to do with a port: "clear" where it holds a text. */
const SNIFFER = `
  $| = 1;
  my ($index, $port, $needle) = @ARGV;
  socket(my $s, 17, 3, 768) or die "no raw socket: $!";
  bind($s, pack("S n l S C C a8", 17, 3, $index, 0, 0, 0, "")) or die "cannot bind: $!";
  print "listening\\n";
  while (defined recv($s, my $frame, 70000, 0)) {
    next unless length($frame) > 38 && grep { $_ == $port } unpack("n2", substr($frame, 34, 4));
    print index($frame, $needle) >= 0 ? "clear\\n" : "packet\\n";
  }`;

const gatewayOf = async () =>
  (await execOk(["docker", ...["network", "inspect"], ...[
    "--format",
    "{{(index .IPAM.Config 0).Gateway}}",
    "docker_gwbridge",
  ]]))
    .stdout.trim();

/** What passes on docker_gwbridge, where a container with raw sockets would see it, while something is done. */
async function overheard(
  traffic: { port: number; needle: string; until?: RegExp },
  work: () => Promise<void>,
): Promise<string[]> {
  const index = (await Deno.readTextFile("/sys/class/net/docker_gwbridge/ifindex")).trim();
  const child = new Deno.Command("perl", {
    args: ["-e", SNIFFER, index, String(traffic.port), traffic.needle],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let heard = "";
  const listening = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) heard += text;
  })();
  try {
    await waitFor(() => heard.startsWith("listening\n"), {
      what: "the sniffer",
      timeoutMs: 20_000,
      everyMs: 20,
    });
    await work();
    await waitFor(() => (traffic.until ?? /packet|clear/).test(heard), {
      what: "a packet",
      timeoutMs: 20_000,
      everyMs: 20,
    });
  } finally {
    child.kill("SIGKILL");
    await listening;
  }
  return heard.trim().split("\n").slice(1);
}

/** A visitor with a cookie at the dashboard. */
async function visit(stack: Stack, cookie: string): Promise<number> {
  const response = await (await stackFetch(stack))(`${stack.urls.dashboard}/`, { headers: { cookie } });
  await response.body?.cancel();
  return response.status;
}

onRealServices("between Traefik and the services nothing passes in the clear", async () => {
  const stack = await ensureStack({ progress: silentProgress });
  await stackForRuns(); // has the image
  const needle = `session=${crypto.randomUUID()}`;
  // What a container says in the clear is heard, and so would be what Traefik says.
  const gateway = await gatewayOf();
  await using _plain = await services(gateway, { ports: [3998] });
  const clear = await overheard({ port: 3998, needle, until: /clear/ }, async () => {
    const call = ["curl", "-sf", "-o", "/dev/null", "-H", `cookie: ${needle}`, `http://${gateway}:3998/`];
    await execOk(["docker", "run", "--rm", "--network", "proxy", "nginx:1.22.1", ...call]);
  });
  assert.ok(clear.includes("clear"));
  const heard = await overheard({ port: PORTS.dashboard, needle }, async () => {
    assert.equal(await visit(stack, needle), 200);
  });
  assert.ok(heard.length > 0);
  assert.deepEqual(heard.filter((line) => line !== "packet"), []);
});

onRealServices("on the gateway no service speaks plain HTTP", async () => {
  await ensureStack({ progress: silentProgress });
  const gateway = await gatewayOf();
  for (const port of [PORTS.gitea, PORTS.dashboard, PORTS.bridge, PORTS.drone]) {
    await assert.rejects(fetch(`http://${gateway}:${port}/`), `port ${port}`);
  }
});

onRealServices("Traefik hands nothing to a service with a certificate of another CA", async () => {
  const stack = await ensureStack({ progress: silentProgress });
  const { paths } = stack;
  const gateway = await gatewayOf();
  const others = await ensureCertificates(paths);
  let got = 0;
  await stopRelay(paths);
  try {
    const impostor = Deno.serve({
      hostname: gateway,
      port: PORTS.dashboard,
      cert: await Deno.readTextFile(others.cert),
      key: await Deno.readTextFile(others.key),
      onListen() {},
    }, () => {
      got += 1;
      return new Response("mine");
    });
    const status = await visit(stack, "session=secret").finally(() => impostor.shutdown());
    assert.ok([500, 502].includes(status), `status ${status}`);
    assert.equal(got, 0);
  } finally {
    await ensureRelay({ paths, gateway, inside: await ensureInsideCertificates(paths), proxy: "loopback" });
  }
  assert.equal(await visit(stack, "session=secret"), 200);
});
