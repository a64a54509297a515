import assert from "node:assert/strict";
import type { Swarm } from "../../swarm/swarm.ts";
import { containersSurplus } from "./containers.ts";
import { findingOf } from "./findings.ts";
import { type Part, part } from "./service_spec.ts";
import { asDeployed, list, type Recorded, recorded } from "./testing/recorded.ts";

/** What is said of the recorded containers. */
async function saidOf(stack: Recorded): Promise<string[]> {
  const { inspected = {} } = stack;
  const swarm = {
    docker: { getContainer: (id: string) => ({ inspect: () => Promise.resolve(inspected[id]) }) },
    ask: async (_: string, call: () => Promise<unknown>, shape: { parse: (answer: unknown) => unknown }) =>
      shape.parse(await call()),
  } as unknown as Swarm;
  return await asDeployed(stack, {
    use: async (deployed, state) =>
      (await containersSurplus(swarm, { state, deployed })).map((one) =>
        findingOf(one, deployed.checked).message
      ),
  });
}

/** The recorded container of service "app", to be changed. */
function appContainer({ state, inspected = {} }: Recorded): { all: Part; host: Part } {
  const container = state.containers.find(({ Labels }) =>
    part(Labels)["com.docker.swarm.service.name"] === "ccrec2_app"
  );
  const all = inspected[String(container?.Id)] ?? {};
  return { all, host: part(all.HostConfig) };
}

Deno.test("containers as Swarm makes them are as they were checked", async () => {
  assert.deepEqual(await saidOf(await recorded("started.json")), []);
});

const surpluses: Record<string, [change: (stack: Recorded) => void, says: RegExp]> = {
  "privileges": [(stack) => appContainer(stack).host.Privileged = true, /container "app" with "Privileged"/],
  "a capability": [(stack) => list(appContainer(stack).host.CapAdd).push("SYS_ADMIN"), /CAP_SYS_ADMIN/],
  "capabilities that were taken away": [
    (stack) => appContainer(stack).host.CapDrop = null,
    /without "CapabilityDrop"/,
  ],
  "a device": [
    (stack) => appContainer(stack).host.Devices = [{ PathOnHost: "/dev/kmsg" }],
    /"Devices" .*kmsg/,
  ],
  "a bind": [(stack) => appContainer(stack).host.Binds = ["/etc:/host"], /"Binds" .*\/etc:\/host/],
  "the host's processes": [(stack) => appContainer(stack).host.PidMode = "host", /"PidMode" "host"/],
  "shared memory of the host": [(stack) => appContainer(stack).host.IpcMode = "host", /"IpcMode" "host"/],
  "no profile": [
    (stack) => appContainer(stack).host.SecurityOpt = ["seccomp=unconfined"],
    /"SecurityOpt" .*unconfined/,
  ],
  "a mount": [
    (stack) =>
      list(appContainer(stack).all.Mounts).push({
        Type: "bind",
        Source: "/",
        Destination: "/host",
        RW: true,
      }),
    /"Mounts\.\/host"/,
  ],
  "another volume at the same place": [
    (stack) => part(list(appContainer(stack).all.Mounts)[0]).Name = "theirs",
    /"Mounts\.\/data\.From" "theirs", and "ccrec2_data"/,
  ],
  "a mount that can be written to": [
    (stack) => part(list(appContainer(stack).all.Mounts)[1]).RW = true,
    /without "Mounts\.\/cache\.ReadOnly"/,
  ],
  "a network": [
    (stack) => part(part(appContainer(stack).all.NetworkSettings).Networks).theirs = {},
    /"Networks\.theirs"/,
  ],
  "no service": [
    ({ state }) => state.containers.push({ Id: "x", Names: ["/ccrec2_more"], Labels: {} }),
    /a container "ccrec2_more" that is in no checked/,
  ],
};

for (const [what, [change, says]] of Object.entries(surpluses)) {
  Deno.test(`a container with ${what} is a surplus`, async () => {
    const stack = await recorded("started.json");
    change(stack);
    assert.match((await saidOf(stack)).join("\n"), says);
  });
}

Deno.test("a volume without a name may come with the image", async () => {
  const stack = await recorded("started.json");
  list(appContainer(stack).all.Mounts)
    .push({ Type: "volume", Name: "a".repeat(64), Source: "/x", Destination: "/of-image", RW: true });
  assert.deepEqual(await saidOf(stack), []);
});

Deno.test("a service without any mount may have the volumes of its image, and nothing else", async () => {
  const stack = await recorded("started.json");
  const service = part(part(stack.model.services).app);
  delete service.volumes;
  delete service.tmpfs;
  const ofImage = { Type: "volume", Name: "a".repeat(64), Source: "/x", Destination: "/data", RW: true };
  appContainer(stack).all.Mounts = [ofImage];
  assert.deepEqual(await saidOf(stack), []);
  appContainer(stack).all.Mounts = [ofImage, { ...ofImage, Name: "theirs", Destination: "/theirs" }];
  assert.match((await saidOf(stack)).join("\n"), /with "Mounts" ".*theirs/);
});
