import assert from "node:assert/strict";
import { parseAbraShExports, parseEnvSample } from "./env_sample.ts";

Deno.test("reads a .env.sample as upstream recipes write it", () => {
  const env = parseEnvSample(`
TYPE=miniflux
# a remark
DOMAIN=miniflux.example.com
## Domain aliases
#EXTRA_DOMAINS=', \`www.miniflux.example.com\`'
LETS_ENCRYPT_ENV=production
export TIMEOUT=300
COMPOSE_FILE="compose.yml"
COMPOSE_FILE="$COMPOSE_FILE:compose.smtp.yml"
SECRET_DB_PASSWORD_VERSION=v1 # length=64 charset=hex
COLOR=#ff0000
EMPTY=
NOTE="two\\nlines # no remark" # a remark
`);
  assert.deepEqual(env, {
    TYPE: "miniflux",
    DOMAIN: "miniflux.example.com",
    LETS_ENCRYPT_ENV: "production",
    TIMEOUT: "300",
    COMPOSE_FILE: "compose.yml:compose.smtp.yml",
    SECRET_DB_PASSWORD_VERSION: "v1",
    COLOR: "#ff0000",
    EMPTY: "",
    NOTE: "two\nlines # no remark",
  });
});

Deno.test("single quotes keep text as it stands, also over lines", () => {
  assert.deepEqual(parseEnvSample("A='$B ${C} \\n'\nD='x\ny'\nE=1"), { A: "$B ${C} \\n", D: "x\ny", E: "1" });
});

Deno.test("expands earlier values only, and never those of the process", () => {
  assert.deepEqual(parseEnvSample("A=$B\nB=1\nC=${B}2\nD=\\$B\nP=$PATH"), {
    A: "",
    B: "1",
    C: "12",
    D: "$B",
    P: "",
  });
});

Deno.test("a name such as __proto__ is an ordinary variable", () => {
  assert.equal(Object.hasOwn(parseEnvSample("__proto__=x"), "__proto__"), true);
});

Deno.test("reads the exports of abra.sh without running anything", () => {
  assert.deepEqual(
    parseAbraShExports(`#!/bin/bash
export APP_CONF_VERSION=v3
export NGINX_VERSION="v2" # remark
  export QUOTED='$literal'
export COMPUTED=$(touch /tmp/x)
export OTHER="$APP_CONF_VERSION"
LOCAL=no
backup() { export_nothing; }
`),
    { APP_CONF_VERSION: "v3", NGINX_VERSION: "v2", QUOTED: "$literal" },
  );
});
