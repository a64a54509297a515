import { deepEqual } from "node:assert/strict";
import { lintRules, type Subject } from "./lint_rules.ts";

type Services = Subject["services"];

function subject(
  services: Services,
  { file = {}, ...more }: Partial<Subject> & { file?: Record<string, unknown> } = {},
): Subject {
  return {
    files: [{ version: "3.8", services, ...file }],
    services,
    env: { DOMAIN: "app.example.com" },
    exported: {},
    readme: "* **Category**: Apps",
    tags: [{ name: "1.0.0+1.0.0", annotated: true }],
    ...more,
  };
}

const app = {
  image: "nginx:1.22.1",
  healthcheck: { test: ["CMD", "true"] },
  deploy: { labels: ["traefik.enable=true"] },
};

/** Rules that do not hold, without the two that ask Co-op Cloud's servers. */
function failing(one: Subject): string[] {
  return lintRules.filter((rule) => !rule.skip?.(one) && !rule.holds(one)).map(({ ref }) => ref)
    .filter((ref) => ref !== "R006" && ref !== "R013");
}

Deno.test("a good recipe keeps all rules, with labels in either form", () => {
  deepEqual(failing(subject({ app })), []);
  deepEqual(failing(subject({ app: { ...app, deploy: { labels: { "traefik.enable": "true" } } } })), []);
});

Deno.test("routing is asked of a recipe with a domain only", () => {
  deepEqual(failing(subject({ app: { ...app, deploy: {} } }, { env: {} })), []);
});

const cases: [ref: string, subject: Subject][] = [
  ["R001", subject({ app }, { file: { version: "3.7" } })],
  ["R002", subject({ app: { ...app, healthcheck: { disable: true } } })],
  ["R003", subject({ app: { ...app, image: "registry:5000/nginx" } })],
  ["R004", subject({ app: { ...app, image: "nginx:${TAG}" } }, { env: { TAG: "latest" } })],
  ["R005", subject({ app: { ...app, image: "nginx:stable" } })],
  ["R007", subject({ app }, { readme: "# Name" })],
  ["R009", subject({ web: app })],
  ["R010", subject({ app: { ...app, deploy: {} } })],
  ["R011", subject({ app, db: { healthcheck: app.healthcheck } })],
  [
    "R012",
    subject({ app }, { file: { configs: { c: { name: "${STACK_NAME}_c_${C_VERSION}" } } } }),
  ],
  ["R014", subject({ app }, { tags: [{ name: "1.0.0+1.0.0", annotated: false }] })],
  ["R015", subject({ app }, { file: { secrets: { much_too_long_a_name: {} } } })],
];

for (const [ref, one] of cases) {
  Deno.test(`${ref} is told when it does not hold`, () => {
    // A tag called latest is no version either.
    deepEqual(failing(one), ref === "R004" ? ["R004", "R005"] : [ref]);
  });
}
