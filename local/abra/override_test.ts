import { deepEqual, equal } from "node:assert/strict";
import { interpolate } from "./compose.ts";
import { buildOverride } from "./override.ts";

function file(services: Record<string, unknown>, version = "3.8") {
  return { path: "/r/compose.yml", doc: { version, services } };
}

Deno.test("labels go to the app service alone, under the recipe's own compose version", () => {
  const files = [file({ app: { image: "a:1" }, db: { image: "b:1" } }, "3.7")];
  deepEqual(buildOverride(files, { labels: { "coop-cloud.s.chaos": "true" }, dnsrr: false }), {
    version: "3.7",
    services: { app: { deploy: { labels: { "coop-cloud.s.chaos": "true" } } } },
  });
});

Deno.test("without IPVS every service of every file gets task addresses and host-mode ports", () => {
  const files = [
    file({ app: { ports: ["80:8080", "53:53/udp", { target: 22, published: 2222 }] } }),
    file({ db: { image: "b:1" } }),
  ];
  deepEqual(buildOverride(files, { labels: {}, dnsrr: true })?.services, {
    app: {
      deploy: { endpoint_mode: "dnsrr" },
      ports: [
        { target: 8080, published: 80, protocol: "tcp", mode: "host" },
        { target: 53, published: 53, protocol: "udp", mode: "host" },
        { target: 22, published: 2222, mode: "host" },
      ],
    },
    db: { deploy: { endpoint_mode: "dnsrr" } },
  });
});

Deno.test("port ranges and host-mode ports are understood", () => {
  const files = [file({ app: { ports: ["7000-7001:80-81", { target: 1, published: 1, mode: "host" }] } })];
  const app = buildOverride(files, { labels: {}, dnsrr: true })?.services as { app: { ports: unknown[] } };
  deepEqual(app.app.ports, [
    { target: 80, published: 7000, protocol: "tcp", mode: "host" },
    { target: 81, published: 7001, protocol: "tcp", mode: "host" },
  ]);
});

Deno.test("nothing to change is no override at all, and a dollar in a label survives interpolation", () => {
  equal(buildOverride([file({ app: {} })], { labels: {}, dnsrr: false }), undefined);
  const override = buildOverride([file({ app: {} })], { labels: { a: "$X" }, dnsrr: false });
  deepEqual(override?.services, { app: { deploy: { labels: { a: "$$X" } } } });
});

Deno.test("interpolation knows defaults and escapes and nothing but the given environment", () => {
  const env = { STACK_NAME: "a_b", EMPTY: "" };
  equal(
    interpolate("${STACK_NAME}_x_${V:-v1} $$ ${EMPTY-d}|${EMPTY:-d}|$NOPE|${PATH}", env),
    "a_b_x_v1 $ |d||",
  );
});
