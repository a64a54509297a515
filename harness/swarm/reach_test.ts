import assert from "node:assert/strict";
import { addressOf, publishedPorts } from "./reach.ts";
import { Swarm } from "./swarm.ts";

/** Docker with one container of service `app`, and what its bridge and its services look like. */
class OneApp extends Swarm {
  constructor(said: { bridge?: unknown; ports?: unknown[] }) {
    super("/nowhere");
    const list = (options: { filters: string }) =>
      Promise.resolve(
        options.filters.includes("=wiki_app")
          ? [{ Id: "c1", Labels: {}, State: "running", Status: "Up" }]
          : [],
      );
    this.docker.listContainers = list as never;
    this.docker.getNetwork = () => ({ inspect: () => Promise.resolve(said.bridge) }) as never;
    this.docker.listServices = () =>
      Promise.resolve([{
        ID: "s1",
        Spec: { Name: "wiki_app", TaskTemplate: {}, Mode: {}, EndpointSpec: { Ports: said.ports } },
      }]) as never;
  }
}

Deno.test("a service is reached where Docker's bridge has its container", async () => {
  const bridge = {
    Containers: { c2: { IPv4Address: "172.18.0.9/16" }, c1: { IPv4Address: "172.18.0.7/16" } },
  };
  assert.equal(await addressOf(new OneApp({ bridge }), { stack: "wiki", service: "app" }), "172.18.0.7");
  await assert.rejects(addressOf(new OneApp({ bridge }), { stack: "wiki", service: "db" }), {
    code: "docker.no-container",
  });
  for (const closed of [{ Containers: null }, {}, { Containers: { c2: { IPv4Address: "172.18.0.9/16" } } }]) {
    await assert.rejects(addressOf(new OneApp({ bridge: closed }), { stack: "wiki", service: "app" }), {
      code: "docker.no-way",
      message: /"app" from the host: its networks are closed/,
    });
  }
});

Deno.test("only TCP ports that are published on the host count", async () => {
  const ports = [
    { Protocol: "tcp", TargetPort: 80, PublishedPort: 8080 },
    { TargetPort: 25, PublishedPort: 2525 },
    { Protocol: "udp", TargetPort: 53, PublishedPort: 53 },
    { Protocol: "tcp", TargetPort: 9000 },
  ];
  assert.deepEqual(await publishedPorts(new OneApp({ ports }), "wiki"), [8080, 2525]);
  assert.deepEqual(await publishedPorts(new OneApp({}), "wiki"), []);
});
