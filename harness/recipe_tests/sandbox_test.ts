import assert from "node:assert/strict";
import { join } from "node:path";
import { exec } from "../../common/exec.ts";
import { waitFor } from "../../common/time.ts";
import { Sandbox, type SandboxError } from "./sandbox.ts";

/** Sandboxes need root or user namespaces; where there is neither, the stage says so instead of running anything. */
const possible =
  (await exec(["unshare", ...(Deno.uid() === 0 ? [] : ["--user", "--map-root-user"]), "--net", "true"]))
    .success;
const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, fn, ignore: !possible });

/**
 * Runs a shell script in a sandbox: what a test file could do if it got out of Deno's own permissions.
 * @param options.until ended, as one that is over time is, once it has said this
 */
async function hostile(
  script: string,
  options: { timeoutMs?: number; env?: Record<string, string>; until?: string } = {},
) {
  const folder = await Deno.makeTempDir({ prefix: "ccci-sandbox-" });
  try {
    await Deno.mkdir(join(folder, "recipe", "sub"), { recursive: true });
    await Deno.writeTextFile(join(folder, "recipe", "sub", "data.txt"), "mine");
    await Deno.symlink("/etc/hostname", join(folder, "recipe", "link"));
    await Deno.writeTextFile(join(folder, "secret"), "the host's");
    const timeoutMs = options.timeoutMs ?? 120_000;
    const tmp = join(folder, "tmp");
    const sandbox = await Sandbox.make({
      tmp,
      deno: Deno.execPath(),
      tests: join(folder, "recipe"),
      kit: { "mod.ts": "export const kit = 1;" },
      timeoutMs,
    });
    const { argv, env } = sandbox.command(["sh", "-c", script, "sh", join(folder, "secret")]);
    const stop = new AbortController();
    let said = "";
    const ended = await exec(argv, {
      env: { ...env, ...options.env },
      timeoutMs,
      maxBytes: 64 * 1024,
      signal: stop.signal,
      onOutput(chunk) {
        said += new TextDecoder().decode(chunk);
        if (options.until !== undefined && said.includes(options.until)) stop.abort();
      },
    });
    await sandbox.requireStarted(ended.stderr);
    return { ...ended, result: await sandbox.result() };
  } finally {
    await Deno.remove(folder, { recursive: true }); // fails where anything of the sandbox is still mounted
  }
}

const outputOf = async (script: string, env?: Record<string, string>) => {
  const { stdout, stderr } = await hostile(script, env === undefined ? {} : { env });
  return `${stdout}${stderr}`;
};

test("there is no network of any kind, whatever Deno would permit", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const program = `
    for (const hostname of ["127.0.0.1", "1.1.1.1", "localhost"]) {
      await Deno.connect({ hostname, port: ${port} }).then(() => console.log("connected"), (error) => console.log(error.name));
    }
    console.log("interfaces: " + Deno.networkInterfaces().length);
  `;
  const said = await outputOf(
    `/deno eval --no-config '${program.replaceAll("'", "")}'`,
  );
  assert.doesNotMatch(said, /connected/);
  assert.match(said, /^interfaces: 0$/m);
});

test("there is no environment and no file of the host but programs", async () => {
  const said = await outputOf('env; cat "$1"; ls /; ls /etc /root /tmp /var /home /proc/* /sys', {
    CCCI_TOKEN: "abc",
  });
  assert.doesNotMatch(said, /abc|CCCI|SANDBOX|the host's/);
  assert.doesNotMatch(said, /^(root|passwd|hostname|etc|var|tmp|sys|environ|mounts|\d+)$/m);
  assert.equal(
    await outputOf("cat /tests/sub/data.txt; test -e /tests/link || echo no link"),
    "mineno link\n",
  );
});

test("nothing can be written but a bounded scratch folder", async () => {
  const said = await outputOf(
    "for at in / /tests /kit /usr /dev /run; do touch $at/x && echo $at; done; exit 0",
  );
  assert.doesNotMatch(said, /^\//m);
  const full = await outputOf(
    "for n in 1 2 3 4 5 6 7 8 9 10 11 12; do head -c 32000000 /dev/zero > /home/$n; done",
  );
  assert.match(full, /No space left|File too large/);
});

test("a fork bomb stays small and is gone afterwards", async () => {
  // Goes on until the bomb has met its limit, however long that takes; where it has, "cat" may not be had either.
  const { stdout, stderr } = await hostile(
    "id -u; bomb() { bomb | bomb & }; bomb 2>/home/said; until [ -s /home/said ]; do :; done; cat /home/said >&2",
  );
  assert.match(stderr, /fork|Resource temporarily unavailable/i);
  await assertNobodyLeft(stdout);
});

/**
 * Waits until no process of the sandbox's user lives; killed processes take a moment to go.
 * @param stdout its first line is the user's number, as `id -u` printed it
 */
async function assertNobodyLeft(stdout: string): Promise<void> {
  const user = stdout.split("\n")[0] ?? "";
  assert.match(user, /^\d+$/);
  if (Deno.uid() !== 0) return; // the user is then the one who runs these tests
  await waitFor(async () => (await exec(["ps", "-o", "pid=", "-u", user])).stdout.trim() === "", {
    what: `the processes of user ${user} to be gone`,
    timeoutMs: 30_000,
  });
}

test("memory is bounded, and what runs on behind the program's back is ended", async () => {
  const { stdout, stderr, timedOut } = await hostile(
    "sleep 1000 & head -c 3000000000 /dev/zero | tail | wc -c; echo end",
  );
  assert.match(stderr, /memory exhausted|cannot allocate/i);
  assert.match(stdout, /end/);
  assert.equal(timedOut, false);
});

test("privileges cannot be had", async () => {
  const said = await outputOf(
    "id -u; unshare --user true && echo user; unshare --net true && echo net; mount -t tmpfs x /home && echo mount; " +
      "chroot / true && echo chroot; kill -KILL 1 && echo killed; exit 0",
  );
  assert.doesNotMatch(said, /^(user|net|mount|chroot)$/m);
  assert.match(said, Deno.uid() === 0 ? /^20\d{8}$/m : /^\d+$/m);
});

test("the result comes out as a plain file of bounded size only", async () => {
  assert.equal((await hostile("echo fine > /home/result; exit 3")).result, "fine\n");
  assert.equal((await hostile("ln -s /etc/passwd /home/result")).result, "");
  assert.equal((await hostile("mkdir /home/result")).result, "");
  assert.equal((await hostile("head -c 20000000 /dev/zero > /home/result")).result.length, 4 * 1024 * 1024);
});

test("a program that does not end is ended with all it started", async () => {
  const { stdout, success } = await hostile("id -u; sleep 1000 & echo begun; while true; do :; done", {
    until: "begun",
  });
  assert.equal(success, false);
  await assertNobodyLeft(stdout);
});

test("too many files are refused", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (let n = 0; n <= 500; n++) await Deno.writeTextFile(`${folder}/${n}`, "");
    await assert.rejects(
      Sandbox.make({ tmp: `${folder}-tmp`, deno: Deno.execPath(), tests: folder, kit: {}, timeoutMs: 1 }),
      (error: SandboxError) => error.code === "sandbox.files",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
    await Deno.remove(`${folder}-tmp`, { recursive: true });
  }
});
