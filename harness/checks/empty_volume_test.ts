import { deepEqual } from "node:assert/strict";
import { mountsBelow, planSteps } from "./empty_volume.ts";

const line = (point: string, root = "/") => `812 790 8:1 ${root} ${point} rw,relatime - ext4 /dev/sda1 rw`;

Deno.test("mount points below a folder are found, those below one another once", () => {
  const mountinfo = [
    line("/"),
    line("/data", "/docker/volumes/a/_data"),
    line("/data/cache", "/docker/volumes/b/_data"),
    line("/data/cache/deep", "/x"),
    line("/data/with\\040space"),
    line("/database"),
    "",
  ];
  deepEqual(mountsBelow(mountinfo, "/data"), ["cache", "with space"]);
  deepEqual(mountsBelow(mountinfo, "/database"), []);
});

Deno.test("a mount of a part of a volume is told from one of the whole", () => {
  deepEqual(mountsBelow([line("/data", "/docker/volumes/a/_data/part")], "/data"), null);
});

Deno.test("what is deleted goes round what is mounted in it", () => {
  const whole = (folder: string, ...keep: string[]) => ({ folder, only: null, keep });
  deepEqual(planSteps(null, []).steps, [whole("")]);
  deepEqual(planSteps(null, ["cache", "a/b/c"]).steps, [
    whole("", "cache", "a"),
    whole("a/b", "c"),
    whole("a", "b"),
  ]);
  deepEqual(planSteps(["dump.sql", "a/file", "a", "cache/x", "cache"], ["cache", "a/b"]), {
    steps: [
      { folder: "", only: "dump.sql", keep: [] },
      { folder: "a", only: "file", keep: [] },
      whole("a", "b"),
    ],
    hidden: ["cache/x", "cache"],
  });
});
