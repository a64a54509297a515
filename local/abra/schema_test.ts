import { equal } from "node:assert/strict";
import { schemaError } from "./schema.ts";

function serviceError(service: Record<string, unknown>) {
  return schemaError({ version: "3.8", services: { app: service } });
}

Deno.test("a sound service passes, extension fields included", () => {
  const healthcheck = { test: ["CMD", "true"], interval: "1m30s", retries: 3, start_period: "0" };
  equal(
    serviceError({ image: "a:1", healthcheck, init: true, "x-note": 1, deploy: { replicas: 0 } }),
    undefined,
  );
});

Deno.test("a duration left to interpolation is refused before anything is interpolated", () => {
  equal(
    serviceError({ image: "a:1", healthcheck: { start_period: "${START:-5m}" } }),
    "services.app.healthcheck.start_period Does not match format 'duration'",
  );
  equal(
    serviceError({ stop_grace_period: "ten seconds" }),
    "services.app.stop_grace_period Does not match format 'duration'",
  );
});

Deno.test("numbers and booleans cannot be left to interpolation either", () => {
  equal(serviceError({ deploy: { replicas: "${N}" } }), "services.app.deploy.replicas must be a integer");
  equal(serviceError({ tty: "${T}" }), "services.app.tty must be a boolean");
});

Deno.test("unknown keys are named", () => {
  equal(serviceError({ imagee: "a" }), "services.app Additional property imagee is not allowed");
  equal(schemaError({ servces: {} }), "(root) Additional property servces is not allowed");
  equal(schemaError("hello"), "Top-level object must be a mapping");
});
