import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { exec, execOk } from "../common/exec.ts";
import { parseSettings } from "./settings.ts";
import { hostFiles } from "./unit_files.ts";
import { unitsOf, unitValues } from "./unit_values.ts";
import { behindProxy, mayRestart, neededBy, UNITS } from "./units.ts";
import { writeUnits } from "./write_units.ts";

const holes = {
  domain: "ci.example.org",
  gateway: "172.18.0.1",
  forge: "https://git.example.org",
  forgeAddress: "git.example.org:443",
  org: "recipe-maintainers",
};
const analyze = await exec(["systemd-analyze", "--version"]).then(({ success }) => success, () => false);
const ignore = !analyze;
const without = ignore ? " (ignored: there is no systemd-analyze)" : "";

/** A folder with units whose programs are there, also by names that have to be quoted. */
async function installed(prefix: string): Promise<string> {
  const folder = join(prefix, "units");
  for (const name of ["deno", "drone-runner-exec"]) {
    await Deno.mkdir(join(prefix, "bin"), { recursive: true });
    await Deno.writeTextFile(join(prefix, "bin", name), "#!/bin/sh\n", { mode: 0o755 });
  }
  const places = Object.fromEntries(
    ["made", "certificates", "secrets", "home", "runsFolder", "ca"].map((name) => [name, join(prefix, name)]),
  );
  await writeUnits(folder, { holes: { ...holes, ...places, prefix } });
  // Another package's, which this machine need not have.
  await Deno.writeTextFile(join(folder, "docker.service"), "[Service]\nExecStart=/bin/true\n");
  return folder;
}

Deno.test({
  name: `systemd finds nothing wrong with the units, whatever the folder is called${without}`,
  ignore,
  fn: async () => {
    const tmp = await Deno.makeTempDir();
    try {
      for (const prefix of [join(tmp, "plain"), join(tmp, "a b %n $HOME c")]) {
        const folder = await installed(prefix);
        const { code, stdout, stderr } = await exec(
          ["systemd-analyze", "verify", "--man=no", "--recursive-errors=yes", ...Object.keys(UNITS.units)],
          { cwd: folder, env: { SYSTEMD_UNIT_PATH: `${folder}:`, LC_ALL: "C" } },
        );
        assert.equal(stdout + stderr, "");
        assert.equal(code, 0);
      }
    } finally {
      await Deno.remove(tmp, { recursive: true });
    }
  },
});

Deno.test({
  name: `bridge and dashboard are exposed less than 2 of 10${without}`,
  ignore,
  fn: async () => {
    const tmp = await Deno.makeTempDir();
    try {
      const folder = await installed(tmp);
      for (const name of ["cc-ci-bridge.service", "cc-ci-dashboard.service"]) {
        await execOk(
          ["systemd-analyze", "security", "--offline=true", "--threshold=20", join(folder, name)],
        );
      }
    } finally {
      await Deno.remove(tmp, { recursive: true });
    }
  },
});

Deno.test("a value that is missing or that nobody asks for is named with what it means", () => {
  const { org: _, ...others } = holes;
  assert.throws(
    () => hostFiles({ holes: { ...others, "domian": "ci.example.org" } }),
    /no value "domian"; "org" is missing, the organisation/,
  );
  assert.throws(() => hostFiles({ holes: { ...holes, prefix: '/opt/"x"' } }), /systemd starts no program/);
  assert.throws(() => hostFiles({ holes, units: ["cc-ci-x.service"] }), /no unit "cc-ci-x.service"/);
  assert.throws(
    () => hostFiles({ holes: { ...holes, org: "a\nExecStartPre=/bin/evil" } }),
    /"org" has a line break/,
  );
});

Deno.test("the settings of a host are enough to describe its units", () => {
  const settings = parseSettings({
    domain: "ci.example.org",
    forge: { url: "https://git.example.org:8443", org: "recipe-maintainers" },
    gateway: { address: "10.1.0.1", subnet: "10.1.0.0/16" },
    drone: { domain: "builds.example.org", repository: "ops/pipelines" },
  });
  const files = hostFiles({ holes: unitValues(settings) });
  const bridge = files["cc-ci-bridge.service"] ?? "";
  assert.match(bridge, / --allow-net=10\.1\.0\.1:3182,127\.0\.0\.1:443,git\.example\.org:8443 /);
  assert.match(bridge, /^Environment=CCCI_DRONE_URL=https:\/\/builds\.example\.org$/m);
  assert.match(bridge, /^Environment=CCCI_DRONE_REPO=ops\/pipelines$/m);
  assert.match(files["cc-ci-runner.service"] ?? "", /^Environment=DRONE_LIMIT_REPOS=ops\/pipelines$/m);
});

const FURTHER = {
  ...{
    domain: "two.example.org",
    name: "second",
    runnerOf: { domain: "ci.example.org", repository: "cc-ci/cc-ci" },
    backupBot: {},
  },
  forge: { url: "https://git.example.org", org: "recipe-maintainers" },
};

Deno.test("a further host has a runner that takes builds of the first host's Drone and reports to its dashboard", () => {
  const settings = parseSettings(FURTHER);
  const units = unitsOf(settings);
  const drone = { commit: "a".repeat(40) };
  const whole = unitsOf(parseSettings({ ...FURTHER, runnerOf: undefined, drone }));
  assert.deepEqual(whole.filter((name) => !units.includes(name)), [
    ...["cc-ci-drone.service", "cc-ci-dashboard.service", "cc-ci-bridge.service"],
  ]);
  assert.deepEqual(neededBy(units), ["runner_token", "drone_rpc_secret", "restic_password"]);
  const runner = hostFiles({ holes: unitValues(settings), units })["cc-ci-runner.service"] ?? "";
  for (
    const said of [
      ...["DRONE_RPC_HOST=drone.ci.example.org", "DRONE_RUNNER_NAME=second"],
      ...["CCCI_DASHBOARD_URL=https://ci.example.org", "CCCI_BASE_DOMAIN=two.example.org"],
      ...["DRONE_LIMIT_REPOS=cc-ci/cc-ci", "DRONE_LIMIT_EVENTS=custom,push"],
    ]
  ) assert.ok(runner.includes(`\nEnvironment=${said}\n`), said);
  const elsewhere = parseSettings({
    ...FURTHER,
    runnerOf: { domain: "ci.example.org", drone: "builds.example.org", repository: "ops/pipelines" },
  });
  const other = hostFiles({ holes: unitValues(elsewhere), units })["cc-ci-runner.service"] ?? "";
  assert.match(other, /^Environment=DRONE_RPC_HOST=builds\.example\.org$/m);
  assert.match(other, /^Environment=DRONE_LIMIT_REPOS=ops\/pipelines$/m);
});

Deno.test("root's programs have the home that log-ins are written to", () => {
  const files = hostFiles({ holes: unitValues(parseSettings({ ...FURTHER, home: "/srv/root" })) });
  for (const name of ["cc-ci-swarm.service", "cc-ci-runner.service"]) {
    assert.match(files[name] ?? "", /^Environment=HOME=\/srv\/root$/m, name);
  }
  assert.match(files["bin/cc-ci-harness"] ?? "", /^export HOME=\/srv\/root$/m);
});

Deno.test("runs use the abra, the engine, the folder and the room on the disk that the settings of the host name", () => {
  const settings = parseSettings({
    ...{ domain: "ci.example.org", forge: { url: "https://git.example.org", org: "recipe-maintainers" } },
    ...{ drone: {}, abra: "/opt/abra/abra", docker: "/run/other.sock", runs: "/srv/runs" },
    ...{ minFreeGb: 25, imagesAbove: 70 },
  });
  const files = hostFiles({ holes: unitValues(settings) });
  for (const name of ["cc-ci-runner.service", "cc-ci-janitor.service", "bin/cc-ci-harness"]) {
    for (
      const said of [
        ...["ABRA=/opt/abra/abra", "DOCKER_SOCKET=/run/other.sock", "RUNS=/srv/runs"],
        ...["MIN_FREE_GB=25", "IMAGES_ABOVE=70"],
      ]
    ) {
      assert.match(files[name] ?? "", new RegExp(`^(Environment=|export )CCCI_${said}$`, "m"), name);
    }
  }
  assert.match(files["cc-ci-dashboard.service"] ?? "", /^Environment=CCCI_MIN_FREE_GB=25$/m);
});

Deno.test("what comes to nothing is left out, and no list of permissions is empty, which would be everything", () => {
  const plain = hostFiles({ holes });
  assert.doesNotMatch(Object.values(plain).join(""), /CCCI_CA_FILE|^Environment=\w+=$|--allow-\w+=( |,|$)/m);
  const own = hostFiles({ holes: { ...holes, ca: "/etc/cc-ci/ca.pem" } });
  assert.match(own["cc-ci-bridge.service"] ?? "", /^Environment=CCCI_CA_FILE=\/etc\/cc-ci\/ca\.pem$/m);
  assert.match(own["cc-ci-bridge.service"] ?? "", /--allow-read=\S*,\/etc\/cc-ci\/ca\.pem /);
});

Deno.test("secrets come by LoadCredential alone, each to the units that need it; optional ones where a host has them", () => {
  const bare = hostFiles({ holes })["cc-ci-bridge.service"] ?? "";
  assert.doesNotMatch(bare, /status_token/i);
  const with_ = hostFiles({ holes, credentials: ["status_token"] })["cc-ci-bridge.service"] ?? "";
  assert.match(with_, /^LoadCredential=status_token:\/etc\/cc-ci\/secrets\/status_token$/m);
  assert.match(
    with_,
    /^Environment=CCCI_STATUS_TOKEN_FILE=\/run\/credentials\/cc-ci-bridge\.service\/status_token$/m,
  );
  for (const [name, text] of Object.entries(hostFiles({ holes }))) {
    for (const [, variable = ""] of text.matchAll(/(\w*(?:TOKEN|SECRET|PASSWORD|KEY)\w*)=/g)) {
      assert.match(variable, /_FILE$|^DRONE_RPC_SECRET$/, `${name}: ${variable}`);
    }
  }
});

Deno.test("a program with a list of what it may read may read its credentials", () => {
  for (const [name, { credentials, commands }] of Object.entries(UNITS.units)) {
    for (const command of commands.ExecStart ?? []) {
      if ("words" in command || command.places.read === undefined) continue;
      assert.equal(command.places.read.includes("{credentials}"), credentials.length > 0, name);
    }
  }
});

Deno.test("oneshots run again at each start of the target, and wait for what is not ready", () => {
  const files = hostFiles({ holes });
  const host = Object.entries(files).filter(([, text]) => text.includes("--permission-set=host"))
    .filter(([name]) => name.endsWith(".service"));
  assert.deepEqual(host.map(([name]) => name).sort(), [
    "cc-ci-backup-bot.service",
    "cc-ci-drone.service",
    "cc-ci-proxy.service",
    "cc-ci-swarm.service",
  ]);
  for (const [name, text] of host) {
    for (
      const line of [
        "Type=oneshot",
        "Restart=on-failure",
        "RestartPreventExitStatus=1 2",
        "StartLimitIntervalSec=0",
        "TimeoutStartSec=15min",
      ]
    ) assert.ok(text.includes(`${line}\n`), `${name} has no ${line}`);
    assert.doesNotMatch(text, /RemainAfterExit/, name);
  }
  assert.doesNotMatch(Object.values(files).join(""), /^(Requires|BindsTo|PartOf)=/m);
});

Deno.test("the bridge comes after Drone has its settings, and starts again until all that it needs is there", () => {
  const bridge = hostFiles({ holes })["cc-ci-bridge.service"] ?? "";
  assert.match(bridge, /^After=.* cc-ci-drone\.service /m);
  for (const line of ["Restart=always", "RestartPreventExitStatus=2", "StartLimitIntervalSec=0"]) {
    assert.ok(bridge.includes(`${line}\n`), line);
  }
});

Deno.test("the target wants every unit that has no other reason to start", () => {
  const wanted = new Set(
    [UNITS.units["cc-ci.target"]?.Unit?.Wants ?? []].flat().flatMap((line) => line.split(" ")),
  );
  const all = Object.keys(UNITS.units).filter((name) =>
    name !== "cc-ci.target" && name !== "cc-ci-janitor.service"
  );
  assert.deepEqual([...wanted].sort(), all.sort());
});

Deno.test("a runner that has names of its own in /etc/hosts asks nobody else for them", () => {
  const { Service, environment } = UNITS.units["cc-ci-runner.service"] ?? assert.fail();
  assert.match(String(Service?.BindReadOnlyPaths), /:\/etc\/hosts$/);
  // Where a system has nscd, as NixOS does, its C library asks that, which sees the host's own file.
  assert.equal(environment.GODEBUG, "netdns=go");
});

Deno.test("a changed file is no reason to start the runner again, whose builds would end", () => {
  const kept = Object.keys(UNITS.units).filter((name) => !mayRestart(name));
  assert.deepEqual(kept, ["cc-ci-runner.service"]);
});

Deno.test("commands of a host are programs of their own, with its settings", async () => {
  const tmp = await Deno.makeTempDir();
  try {
    const prefix = join(tmp, "it is here");
    const deno = join(prefix, "bin", "deno");
    await Deno.mkdir(dirname(deno), { recursive: true });
    await Deno.writeTextFile(
      deno,
      '#!/bin/sh\necho "$CCCI_BASE_DOMAIN"\nshift $(($# - 2))\nprintf "%s\\n" "$@"\n',
      {
        mode: 0o755,
      },
    );
    await writeUnits(tmp, { holes: { ...holes, prefix } });
    const { stdout } = await execOk([join(tmp, "bin", "cc-ci-harness"), "a b"]);
    assert.equal(stdout, `ci.example.org\n${prefix}/programs/harness.js\na b\n`);
  } finally {
    await Deno.remove(tmp, { recursive: true });
  }
});

Deno.test("the bridge starts as many runs as all hosts together have turns for, each runner one", () => {
  const least = {
    domain: "ci.example.org",
    forge: { url: "https://git.example.org", org: "recipe-maintainers" },
  };
  const turns = (drone: unknown) => {
    const files = hostFiles({ holes: unitValues(parseSettings({ ...least, drone })) });
    const of = (unit: string, name: string) =>
      new RegExp(`^Environment="?${name}=(\\d+)`, "m").exec(files[unit] ?? "")?.[1];
    return [
      of("cc-ci-bridge.service", "CCCI_CAPACITY"),
      of("cc-ci-runner.service", "DRONE_RUNNER_CAPACITY"),
    ];
  };
  assert.deepEqual(turns({}), ["1", "1"]);
  assert.deepEqual(turns({ runners: ["10.0.0.8", "10.0.0.9"] }), ["3", "1"]);
});

Deno.test("the services that the proxy knows by their certificate are dashboard and bridge", () => {
  assert.deepEqual(behindProxy(Object.keys(UNITS.units)), [
    "cc-ci-dashboard.service",
    "cc-ci-bridge.service",
  ]);
  assert.deepEqual(behindProxy(["cc-ci-runner.service"]), []);
});
