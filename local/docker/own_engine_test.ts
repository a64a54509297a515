import assert from "node:assert/strict";
import { cachesWithEngineMounts, runsOn } from "./own_engine.ts";

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

Deno.test("our engine is found by its data root, whether it was built here or installed", () => {
  const option = "--data-root=/c/docker";
  for (const program of ["dockerd", "/usr/sbin/dockerd", "/c/bin/dockerd-28.5.2"]) {
    assert.ok(runsOn([program, "--host=x", option], "/c/docker"), program);
    assert.ok(!runsOn([program, "--host=x", `${option}-2`], "/c/docker"), program);
  }
  assert.ok(!runsOn(["/bin/sh", "/repo/local/docker/build-engine.sh", "28.5.2", option], "/c/docker"));
});
