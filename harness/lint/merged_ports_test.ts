import assert from "node:assert/strict";
import { join } from "node:path";
import { findDockerClient } from "../../common/docker_client.ts";
import { loadCompose } from "../recipe/compose.ts";
import { readByDocker } from "../recipe/docker_reading.ts";
import { checkMergedPorts } from "./merged_ports.ts";

const long = (protocol: string, target = 64738) =>
  `{target: ${target}, published: 64738, protocol: ${protocol}, mode: host}`;
const both = `[${long("tcp")}, ${long("udp")}]`;

/** What each of the files says of service `app`; an empty one says nothing of it. */
const cases: [name: string, files: string[], ...dropped: string[]][] = [
  ["one file", [`ports: ${both}`]],
  ["a second file that says nothing of the service", [`ports: ${both}`, ""]],
  [
    "TCP and UDP at one number, and a second file about anything else",
    [`ports: ${both}`, "init: true"],
    "0.yml:5 app:64738/tcp for 64738/udp",
  ],
  [
    "UDP of a second file",
    ['ports: ["64738:64738"]', 'ports: ["64738:64738/udp"]'],
    "0.yml:5 app:64738/tcp for 64738/udp",
  ],
  ["another container's port of a second file, which is meant", ['ports: ["80:80"]', 'ports: ["80:8080"]']],
  ["ports without a number", ['ports: ["9000", "9001"]', "init: true"], "0.yml:5 app:9000/tcp for 9001/tcp"],
  [
    "a range",
    ['ports: ["64737-64738:64737-64738", "64738:64738/udp"]', "init: true"],
    "0.yml:5 app:64738/tcp for 64738/udp",
  ],
  ["different numbers", ['ports: ["1:1", "2:2/udp"]', "init: true"]],
];

for (const [name, files, ...dropped] of cases) {
  Deno.test(`ports that Docker drops, and no others: ${name}`, async () => {
    const root = await Deno.realPath(await Deno.makeTempDir());
    try {
      const names = files.map((_, at) => `${at}.yml`);
      for (const [at, said] of files.entries()) {
        const service = said === "" ? "  other:\n    image: b:1\n" : `  app:\n    image: a:1\n    ${said}\n`;
        await Deno.writeTextFile(join(root, `${at}.yml`), `version: "3.8"\nservices:\n${service}`);
      }
      const compose = await loadCompose(root, { COMPOSE_FILE: names.join(":") });
      assert.ok(compose.ok);
      const found = checkMergedPorts(compose);
      const told = found.map(({ file, line, subject, message }) =>
        `${file}:${line} ${subject} for ${/ for (\S+),/.exec(message)?.[1]}`
      );
      assert.deepEqual(told, dropped);

      const client = await findDockerClient() ?? assert.fail("There is no docker client");
      const read = await readByDocker(names.map((one) => join(root, one)), { client, env: {} });
      assert.ok(read.ok);
      const left = JSON.stringify(read.model).match(/"protocol"/g)?.length ?? 0;
      const written = files.join().match(/(?<=[[ ])(?:\{|")/g)?.length ?? 0;
      const more = name === "a range" ? 1 : name.startsWith("another") ? -1 : 0;
      assert.equal(left, written + more - found.length, "Docker itself keeps the others");
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });
}
