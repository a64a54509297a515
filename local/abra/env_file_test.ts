import { deepEqual, equal } from "node:assert/strict";
import { parseAbraSh, parseEnvFile, splitType, toEnvironment, writeVersion } from "./env_file.ts";

function env(text: string) {
  return toEnvironment(parseEnvFile(text));
}

Deno.test("an overlay is appended to what stands further up", () => {
  const text =
    'COMPOSE_FILE="compose.yml"\nCOMPOSE_FILE="$COMPOSE_FILE:compose.smtp.yml"\n#COMPOSE_FILE="x"\n';
  equal(env(text).COMPOSE_FILE, "compose.yml:compose.smtp.yml");
});

Deno.test("a trailing comment is not part of the value but of the modifiers", () => {
  const [secret, plain] = parseEnvFile("SECRET_KEY_VERSION=v1 # length=64 charset=hex\nEMPTY= # x\n");
  deepEqual(secret, { name: "SECRET_KEY_VERSION", value: "v1", modifiers: { length: "64", charset: "hex" } });
  equal(plain?.value, "");
  equal(env("A=b#c\n").A, "b#c");
  equal(env("COLOUR=#fff\n").COLOUR, "#fff");
});

Deno.test("single quotes keep their content as it is", () => {
  equal(env("EXTRA_DOMAINS=', `www.$DOMAIN`' # more\n").EXTRA_DOMAINS, ", `www.$DOMAIN`");
  equal(env('GREETING="say \\"hi\\""\n').GREETING, 'say "hi"');
});

Deno.test("the version is written behind the recipe and nowhere else", () => {
  const text = "TYPE=custom-html\n\nDOMAIN=a.example.com\n";
  const written = writeVersion(text, "1.0.0+1.22.1");
  equal(written, "TYPE=custom-html:1.0.0+1.22.1\n\nDOMAIN=a.example.com\n");
  equal(writeVersion(written, "abcdef12+U"), "TYPE=custom-html:abcdef12+U\n\nDOMAIN=a.example.com\n");
  deepEqual(splitType("custom-html:1.0.0+1.22.1"), { recipe: "custom-html", version: "1.0.0+1.22.1" });
  deepEqual(splitType("custom-html"), { recipe: "custom-html", version: undefined });
});

Deno.test("abra.sh is read for plain exports only", () => {
  const script =
    'export A_VERSION=v2\nexport B_VERSION="v3" # bumped\nexport C=$(id)\nexport D="`id`"\nE=v1\nfoo() {\n  :\n}\n';
  deepEqual(parseAbraSh(script), { A_VERSION: "v2", B_VERSION: "v3" });
});
