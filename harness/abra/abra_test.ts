import assert from "node:assert/strict";
import { join } from "node:path";
import { processGone } from "../../common/testing/process_gone.ts";
import { Abra, type AbraError, isBotMissing } from "./abra.ts";
import { isHostVariable } from "./environment.ts";
import { Redactor } from "../run/redact.ts";

/** A program that plays abra: it notes its arguments and environment, then does what the script says. */
async function withAbra(
  script: string,
  work: (
    abra: Abra,
    seen: { calls: () => Promise<string>; log: string[]; redactor: Redactor; folder: string },
  ) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  try {
    const program = join(folder, "abra");
    await Deno.writeTextFile(
      program,
      `#!/bin/sh\necho "$*" >> ${folder}/calls\nenv | sort > ${folder}/env\n${script}\n`,
      { mode: 0o755 },
    );
    const log: string[] = [];
    const redactor = new Redactor();
    const settings = { ABRA: program, DENO: "deno", DOCKER_SOCKET: "/var/run/docker.sock" };
    const abra = new Abra({ settings, dir: join(folder, "dir"), redactor, log: (line) => log.push(line) });
    await work(abra, {
      calls: async () =>
        await Deno.readTextFile(join(folder, "calls")) + await Deno.readTextFile(join(folder, "env")),
      log,
      redactor,
      folder,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("an app of the head is a chaos app, one of a version names it; neither prompts nor fetches", () =>
  withAbra("", async (abra, { calls }) => {
    await abra.newApp("wiki", { domain: "w.ci.test" });
    await abra.newApp("wiki", { domain: "w.ci.test", version: "1.0.0+2" });
    await abra.deploy("w.ci.test", { version: "1.0.0+2" });
    await abra.deploy("w.ci.test", { chaos: true });
    assert.deepEqual((await calls()).split("\n").slice(0, 4), [
      "app new wiki -s default -D w.ci.test -n -o -C",
      "app new wiki 1.0.0+2 -s default -D w.ci.test -n -o",
      "app deploy w.ci.test 1.0.0+2 -n -o -D -c",
      "app deploy w.ci.test -n -o -D -c -C -f",
    ]);
  }));

Deno.test("nothing of our environment reaches the interpolation of compose files", () =>
  withAbra("", async (abra, { calls }) => {
    Deno.env.set("CCCI_RUNNER_TOKEN", "do-not-leak");
    try {
      await abra.undeploy("w.ci.test");
      assert.ok(!(await calls()).includes("do-not-leak"));
    } finally {
      Deno.env.delete("CCCI_RUNNER_TOKEN");
    }
  }));

Deno.test("a deploy carries no variable that a recipe may call its own", () =>
  withAbra("", async (abra, { folder }) => {
    const carried = async () =>
      (await Deno.readTextFile(join(folder, "env"))).split("\n").map((line) => line.split("=")[0] ?? "")
        .filter((name) => name !== "");
    await abra.deploy("w.ci.test", { chaos: true });
    const names = await carried();
    assert.ok(names.includes("PATH") && names.includes("ABRA_DIR"));
    assert.deepEqual(names.filter((name) => !isHostVariable(name)), []);
    await abra.undeploy("w.ci.test");
    assert.ok((await carried()).includes("LC_ALL"));
  }));

Deno.test("generated secrets are known to the redactor and never in the log", () =>
  withAbra(`echo "WARN noise" >&2; echo '[{"name":"db","value":"hunter2hunter2"}]'`, async (abra, seen) => {
    assert.deepEqual(await abra.generateSecrets("w.ci.test"), { db: "hunter2hunter2" });
    assert.equal(seen.redactor.text("is hunter2hunter2"), "is •••");
    assert.ok(!seen.log.join("\n").includes("hunter2"), seen.log.join("\n"));
  }));

for (const [what, parting] of [["a colour", "\\033[31m"], ["NUL", "\\000"], ["U+200B", "\\342\\200\\213"]]) {
  Deno.test(`a secret that ${what} parts is not in abra's log`, () =>
    withAbra(`printf 'is hunter2${parting}hunter2\\n'`, async (abra, { log, redactor }) => {
      redactor.add("hunter2hunter2");
      await abra.undeploy("w.ci.test");
      assert.equal(log.at(-1), "is •••");
    }));
}

Deno.test("a secret is handed to abra in a file that is gone afterwards, and never as an argument", () =>
  withAbra('cat "$7"', async (abra, { calls, folder, log }) => {
    await Deno.mkdir(join(folder, "dir"));
    await abra.insertSecret("w.ci.test", { name: "mail", version: "v2", value: "sesame-open" });
    const [call = ""] = (await calls()).split("\n");
    assert.match(call, /^app secret insert w\.ci\.test mail v2 \S+ -f -n -o -C$/);
    assert.ok(!`${call}${log.join("\n")}`.includes("sesame"));
    assert.deepEqual([...Deno.readDirSync(join(folder, "dir"))], []);
  }));

Deno.test("secrets in a form that is not known end the run, since nobody could take them out of logs", () =>
  withAbra("echo '┃ db ┃ hunter2hunter2 ┃'", async (abra, { log }) => {
    await assert.rejects(abra.generateSecrets("w.ci.test"), { code: "abra.broken" });
    assert.ok(!log.join("\n").includes("hunter2"), log.join("\n"));
  }));

Deno.test("an app without secrets is fine; the work tree is taken as it stands, where abra knows how", async () => {
  for (const level of ["FATA", "WARN"]) {
    await withAbra(`echo '${level} no secrets generated' >&2; exit 1`, async (abra, { calls }) => {
      assert.deepEqual(await abra.generateSecrets("w.ci.test"), {});
      assert.match(await calls(), /^app secret generate w\.ci\.test --all -m -n -o -C$/m);
    });
  }
  const unknown =
    `case "$*" in *-C*) echo "Error: unknown shorthand flag: 'C' in -C" >&2; exit 1;; esac; echo '[]'`;
  await withAbra(unknown, async (abra) => assert.deepEqual(await abra.generateSecrets("w.ci.test"), {}));
});

Deno.test("abra's last word is the message, without decoration; an abra that breaks is told apart", async () => {
  const failing = (script: string, check: (error: AbraError) => void) =>
    withAbra(
      script,
      (abra) =>
        assert.rejects(abra.deploy("w.ci.test", { chaos: true }), (error: AbraError) => {
          check(error);
          return true;
        }),
    );
  await failing(
    `printf '\\033[31mFATA\\033[0m <deploy.go:12> secret not generated: db\\r\\n' >&2; exit 1`,
    (error) => {
      assert.equal(error.code, "abra.failed");
      assert.match(error.message, /secret not generated: db$/);
    },
  );
  await failing("echo 'error: no such module' >&2; exit 7", (error) => {
    assert.equal(error.code, "abra.broken");
    assert.match(error.message, /"abra app deploy w.ci.test" ended with exit code 7: error: no such module/);
  });
});

for (const [signal, code] of [["KILL", 137], ["TERM", 143], ["SEGV", 139]] as const) {
  Deno.test(`an abra that ${signal} ends has not done what it was asked for`, () =>
    withAbra(`kill -${signal} $$`, async (abra) => {
      const broken = { code: "abra.broken", message: new RegExp(`"abra app undeploy.*exit code ${code}`) };
      await assert.rejects(abra.undeploy("w.ci.test"), broken);
      await assert.rejects(abra.restore("w.ci.test", { timeoutMs: 60_000 }), { code: "abra.broken" });
    }));
}

Deno.test("an abra that is over time is ended with what it started", () =>
  withAbra('sleep 300 & echo $! >> "${0%/*}/started"; wait', async (abra, { folder }) => {
    // Long enough for a busy machine to start all of it.
    await Promise.all([
      assert.rejects(abra.backupCreate("w.ci.test", { timeoutMs: 5_000 }), { code: "abra.timeout" }),
      assert.rejects(abra.restore("w.ci.test", { timeoutMs: 5_000 }), { code: "abra.timeout" }),
    ]);
    const started = (await Deno.readTextFile(join(folder, "started"))).trim().split("\n");
    assert.equal(started.length, 2);
    for (const pid of started) await processGone(pid);
  }));

Deno.test("an abra that leaves a process behind is not waited for until that one ends", () =>
  withAbra('sleep 300 & echo "WARN done"', async (abra) => {
    assert.deepEqual(await abra.deploy("w.ci.test", { chaos: true }), ["WARN done"]);
  }));

Deno.test("what a deploy says comes back, and a missing abra is named", async () => {
  await withAbra("echo 'INFO fine'; echo 'WARN with dnsrr' >&2", async (abra) => {
    assert.deepEqual(await abra.deploy("w.ci.test", { chaos: true }), ["INFO fine", "", "WARN with dnsrr"]);
  });
  const settings = { ABRA: "/nowhere/abra", DENO: "deno", DOCKER_SOCKET: "/var/run/docker.sock" };
  await assert.rejects(new Abra({ settings, dir: "/nowhere" }).probe(), { code: "abra.missing" });
});

Deno.test("backups and lint get a terminal, without an input", () =>
  withAbra(
    'test -t 0 && test -t 1 || { echo "FATA inappropriate ioctl for device"; exit 1; }\nread -r x && test -n "$x" && exit 3\n' +
      'case "$*" in *snapshots*) echo "2026-05-04T03:30:11Z 4f2a91c7";; esac',
    async (abra, { calls }) => {
      await abra.backupCreate("w.ci.test", { timeoutMs: 60_000 });
      assert.deepEqual(await abra.backupSnapshots("w.ci.test"), [
        { id: "4f2a91c7", time: Date.UTC(2026, 4, 4, 3, 30, 11) },
      ]);
      await abra.restore("w.ci.test", { timeoutMs: 60_000 });
      assert.deepEqual(await abra.recipeLint("wiki"), []);
      assert.deepEqual((await calls()).split("\n").slice(0, 4), [
        "app backup create w.ci.test -n",
        "app backup snapshots w.ci.test -n",
        "app restore w.ci.test -n",
        "recipe lint wiki -n -o -C",
      ]);
      assert.doesNotMatch(await calls(), /CCCI_WORD/);
    },
  ));

Deno.test("a work tree with changes is asked about once more, as chaos", () =>
  withAbra(
    'case "$*" in *-C*) ;; *) echo "FATA wiki has locally unstaged changes"; exit 1;; esac',
    async (abra, { calls }) => {
      await abra.backupCreate("w.ci.test", { timeoutMs: 60_000 });
      assert.match(await calls(), /^app backup create w.ci.test -n\napp backup create w.ci.test -n -C\n/);
    },
  ));

Deno.test("a host without backup bot is told from a backup that failed", async () => {
  const said = async (line: string) => {
    let error: unknown;
    await withAbra(`echo "FATA ${line}"; exit 1`, async (abra) => {
      await abra.backupCreate("w.ci.test", { timeoutMs: 60_000 }).catch((thrown) => error = thrown);
    });
    return isBotMissing(error);
  };
  assert.equal(await said("no backupbot discovered, is it deployed?"), true);
  assert.equal(await said("backup-bot-two is not running on default"), true);
  assert.equal(await said("pre-hook of service db ended with exit code 1"), false);
  assert.equal(
    await said("w_ci_test is not running or has no service labelled backupbot.backup=true"),
    false,
  );
});
