import assert from "node:assert/strict";
import { cachesWithEngineMounts } from "./own_engine.ts";

Deno.test("engines that left network namespaces mounted are found, whatever cache they belong to", () => {
  const mounts = [
    "/dev/vda / ext4 rw 0 0",
    "nsfs /home/ada/.cache/cc-ci/state/docker-exec/netns/1-oee5octsmt nsfs rw 0 0",
    "nsfs /home/ada/.cache/cc-ci/state/docker-exec/netns/ingress_sbox nsfs rw 0 0",
    "nsfs /srv/a\\040b/state/docker-exec/netns/ingress_sbox nsfs rw 0 0",
    "nsfs /run/docker/netns/default nsfs rw 0 0",
    "",
  ].join("\n");
  assert.deepEqual(cachesWithEngineMounts(mounts), ["/home/ada/.cache/cc-ci", "/srv/a b"]);
});
