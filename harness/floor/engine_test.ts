import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fromFileUrl } from "../../common/files.ts";
import { FLOOR_FILES } from "../../programs/bundle.ts";
import { info } from "../swarm/schema.ts";
import { engineConfiguration, floorTrouble, requireFloor } from "./engine.ts";

const swarm = { LocalNodeState: "active", ControlAvailable: true };
const engine = (said: unknown) => ({
  info: () => Promise.resolve(info.parse({ Swarm: swarm, ...said as object })),
});
const plain = engine({ DefaultRuntime: "runc", Runtimes: { runc: { path: "runc" } } });
const by = (path: string) => engine({ DefaultRuntime: "cc-ci", Runtimes: { "cc-ci": { path } } });

Deno.test("an engine has the floor when its default runtime says so", async () => {
  const { runtimes } = engineConfiguration();
  assert.equal(runtimes["cc-ci"]?.path, fromFileUrl(import.meta.resolve("./runtime.sh")));
  const folder = await Deno.makeTempDir();
  try { // a host without deno and runc would be one without the floor
    const runc = `${folder}/runc`;
    await Deno.writeTextFile(runc, "#!/bin/sh\n", { mode: 0o755 });
    const path = `${folder}/runtime`;
    const script = `#!/bin/sh\nexport CCCI_RUNC=${runc} CCCI_DENO=${Deno.execPath()} CCCI_FLOOR=${folder}\n` +
      `exec ${runtimes["cc-ci"]?.path} "$@"\n`;
    await Deno.writeTextFile(path, script, { mode: 0o755 });
    assert.equal(await floorTrouble(by(path)), null);
    await Deno.writeTextFile(runc, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    assert.match(await floorTrouble(by(path)) ?? "", /runc does not run/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an installation's runtime finds the deno beside it, which is on no PATH of an engine", async () => {
  const folder = await Deno.makeTempDir();
  const at = (...names: string[]) => join(folder, ...names);
  try {
    for (const name of ["programs/floor", "bin"]) await Deno.mkdir(at(name), { recursive: true });
    const here = dirname(fromFileUrl(import.meta.resolve("./runtime.sh")));
    for (const name of FLOOR_FILES) await Deno.copyFile(join(here, name), at("programs/floor", name));
    await Deno.writeTextFile(at("runc"), "#!/bin/sh\n", { mode: 0o755 });
    const environment = `PATH=/usr/sbin:/usr/bin:/sbin:/bin CCCI_RUNC=${at("runc")} CCCI_FLOOR=${folder}`;
    const script = `#!/bin/sh\nexport ${environment}\nexec ${at("programs/floor/runtime.sh")} "$@"\n`;
    await Deno.writeTextFile(at("runtime"), script, { mode: 0o755 });
    const without = await floorTrouble(by(at("runtime")));
    assert.match(without ?? "", /deno: not found/);
    await Deno.symlink(Deno.execPath(), at("bin/deno"));
    assert.equal(await floorTrouble(by(at("runtime"))), null);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("any other engine is told from one that has it", async () => {
  assert.equal(await floorTrouble(plain), 'Docker starts containers by "runc", which gives them no limits');
  assert.match(await floorTrouble(by("/bin/true")) ?? "", /no limits/);
  assert.match(await floorTrouble(by("/no/such/program")) ?? "", /cannot be started/);
  assert.match(await floorTrouble(engine({})) ?? "", /"runc"/);
});

Deno.test("without the floor nothing runs where it is required; elsewhere that is said", async () => {
  const trouble = await floorTrouble(plain);
  const told: string[] = [];
  const announce = (text: string) => void told.push(text);
  assert.throws(() => requireFloor(trouble, { required: true, announce }), {
    code: "stage.infra",
    message: /may not run anything: .*"runc".*harness floor/,
  });
  assert.deepEqual(told, []);
  requireFloor(trouble, { required: false, announce });
  assert.match(told.join(), /no limits\. "harness floor"/);
});
