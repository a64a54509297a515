import assert from "node:assert/strict";
import { join } from "node:path";
import * as z from "zod";
import { execOk } from "../common/exec.ts";
import { exists } from "../common/files.ts";
import { parseSettings } from "../host/settings.ts";
import { hostFiles } from "../host/unit_files.ts";
import { unitsOf, unitValues } from "../host/unit_values.ts";
import { goesOn, UNITS } from "../host/units.ts";
import { hostName } from "../protocol/dashboard_api.ts";
import { commitId, domainName, orgName, repoName } from "../protocol/params.ts";
import { stackOf } from "../harness/run/names.ts";
import { INSTALLED } from "../local/drone/pipeline.ts";
import { bundlePrograms, PROGRAMS } from "../programs/bundle.ts";
import { ownHome } from "../programs/start.ts";
import { bakedIn, type Described, wantedPermissions } from "../programs/testing/baked.ts";
import { onRealServices } from "./scene.ts";
import { Nix } from "./testing/nix.ts";
import { hostExpression, nixHost, unitOf } from "./testing/nix_host.ts";

const root = ownHome().folder;
const found = await Nix.find();
const nixpkgs = found instanceof Nix ? await found.libOfNixpkgs() : undefined;
const obstacle = typeof found === "string" ? found : null;

/** A test with Nix, which is left out where there is none. */
function withNix(name: string, work: (nix: Nix) => Promise<void>, missing: string | null = null): void {
  onRealServices(name, async () => {
    if (found instanceof Nix) await work(found);
  }, obstacle ?? missing);
}

withNix("the folder of npm packages that Nix makes of deno.lock is the one that Deno makes", async (nix) => {
  const made = join(await nix.build("cc-ci.npm", { keep: "npm" }), "npm.invalid");
  await nix.build("cc-ci.bundler", { keep: "bundler" });
  const lock = JSON.parse(await Deno.readTextFile(join(root, "deno.lock")));
  const packages = Object.keys(lock.npm).map((key) => /^(@?[^@]+)@([^_@]+)/.exec(key)?.slice(1) ?? []);
  const cache = join(Deno.env.get("DENO_DIR") ?? "", "npm");
  const [registry = ""] = await Array.fromAsync(Deno.readDir(cache), ({ name }) => name);
  let compared = 0;
  for (const [name = "", version = ""] of packages) {
    const [nixs, denos] = [join(made, name, version), join(cache, registry, name, version)];
    assert.ok(await exists(join(nixs, "package.json")), `${name} ${version}`);
    // Deno notes in a package's folder that it has warned of its scripts.
    if (!await exists(denos)) continue;
    await execOk(["diff", "-r", "--exclude=.*", nixs, denos]);
    compared++;
  }
  assert.ok(compared > 100, `${compared} packages are there to compare`);
});

/** Without it a host has no bridge. */
const COMMIT = `services.cc-ci.drone.commit = lib.mkForce "${"0a1b".repeat(10)}";`;

withNix("bundles that Nix makes are those of ./cc-ci bundle, byte for byte", async (nix) => {
  const folder = join(await Deno.makeTempDir({ prefix: "cc-ci-nix-" }), "programs");
  const [made] = await Promise.all([nix.build("cc-ci.bundles"), bundlePrograms(folder, { repo: root })]);
  await execOk(["diff", "-r", made, folder]);
  await Deno.remove(join(folder, ".."), { recursive: true });
});

withNix(
  "a binary that a unit starts has the permissions in it that the bundle would be started with",
  async (nix) => {
    const [binaries, bundles] = await Promise.all([
      nixHost(nix, COMMIT, { binaries: true }),
      nixHost(nix, COMMIT),
    ]);
    const { permissions } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
    for (
      const [unit, program] of [
        ["cc-ci-bridge", "bridge"],
        ["cc-ci-dashboard", "dashboard"],
        ["cc-ci-janitor", "harness"],
        ["cc-ci-swarm", "host"],
      ] as const
    ) {
      const [derivation = assert.fail(unit)] = binaries.builds[unit] ?? [];
      const binary = join(await nix.realise(derivation), "bin", `cc-ci-${program}`);
      const command = binaries.systemd.services[unit]?.serviceConfig?.ExecStart;
      assert.ok(typeof command === "string" && command.split(" ").includes(binary), `${command}`);
      const asBundle = String(bundles.systemd.services[unit]?.serviceConfig?.ExecStart);
      const places = Object.fromEntries(
        [...asBundle.matchAll(/ --allow-(\w+)=(\S+)/g)].map(([, kind, list]) => [kind, list?.split(",")]),
      );
      const set: Described = permissions[program];
      assert.deepEqual((await bakedIn(binary)).permissions, wantedPermissions(set, places), unit);
    }
  },
);

/** What a host may say beyond the examples, with figures and texts of its own. */
const SAID = `imports = [{ services.cc-ci.settings = {
  proxy.version = lib.mkIf true "1.0.0+2.0.0";
  secrets = "/srv/secrets"; home = "/srv/home"; made = "/srv/made"; docker = "/srv/docker.sock"; abra = "/srv/abra";
  gateway = { address = "10.0.0.1"; subnet = "10.0.0.0/8"; };
  forge.url = "https://[fd00::1]:3000/git";
}; }];
services.cc-ci = {
  optionalSecrets = [ "git_token" ];
  drone.commit = lib.mkForce "${"0a1b".repeat(10)}";
  ca = "/etc/ssl/100% ours.pem";
  minFreeGb = 25;
  runner = { capacity = 2; labels.size = "large"; };
  settings = { proxy.ingress = "10.1.0.1:443"; dashboard.port = 4181; runs = "/srv/runs"; imagesAbove = 70.5; };
};`;

withNix("the units of a NixOS host are those that ./cc-ci units writes", async (nix) => {
  for (const example of ["host", "runner"] as const) {
    const host = await nixHost(nix, SAID, { example });
    const settings = parseSettings(JSON.parse(host.etc["cc-ci/host.json"] ?? ""));
    assert.deepEqual([settings.proxy.version, settings.proxy.ingress], ["1.0.0+2.0.0", "10.1.0.1:443"]);
    const said = unitValues(settings);
    assert.deepEqual(
      Object.fromEntries(
        Object.keys(said).map((name) => [name, host.holes[name] ?? UNITS.holes[name]?.usually]),
      ),
      said,
    );
    const files = hostFiles({ holes: { ...host.holes, ...said }, credentials: ["git_token"] });
    const names = ["services", "timers", "paths", "targets"].flatMap((kind) =>
      Object.keys(host.systemd[kind as "services"]).filter((name) => name.startsWith("cc-ci"))
        .map((name) => `${name}.${kind.slice(0, -1)}`)
    );
    const left = Object.keys(files).filter((name) => !name.includes("/") && !names.includes(name));
    assert.deepEqual(
      left.sort(),
      example === "host" ? [] : ["cc-ci-bridge.service", "cc-ci-dashboard.service", "cc-ci-drone.service"],
    );
    for (const name of names) assert.deepEqual(unitOf(host, name), unitOf(files, name), name);
    for (const [name, text] of Object.entries(host.commands)) {
      const sorted = (one = "") => one.split("\n").toSorted();
      assert.deepEqual(sorted(text), sorted(files[`bin/${name}`]), name);
    }
  }
});

withNix(
  "a host that names the first one by further settings has what one has that names it by options",
  async (nix) => {
    const [byOptions, bySettings] = await Promise.all([
      nixHost(nix, "", { example: "runner" }),
      nixHost(
        nix,
        'services.cc-ci.runnerOf.domain = lib.mkForce null; services.cc-ci.settings.runnerOf.domain = "ci.example.org";',
        { example: "runner" },
      ),
    ]);
    assert.deepEqual(bySettings, byOptions);
  },
);

withNix("a second host is made of the first one's file, whatever that says of its Drone", async (nix) => {
  const drone = 'services.cc-ci.settings.drone = { runners = [ "192.0.2.7" ]; version = "1.0.0"; };';
  const [said, unsaid] = await Promise.all([
    nixHost(nix, drone, { example: "runner" }),
    nixHost(nix, "", { example: "runner" }),
  ]);
  assert.deepEqual(said.failed, []);
  assert.deepEqual(said, unsaid);
  const elsewhere = 'services.cc-ci.settings.drone.domain = "builds.example.org";';
  assert.equal(
    (await nixHost(nix, elsewhere, { example: "runner" })).holes.drone,
    "https://builds.example.org",
  );
});

withNix("the harness that .drone.yml calls is on the PATH of the runner", async (nix) => {
  const host = await nixHost(nix);
  assert.ok(host.packages.includes(INSTALLED), `${host.packages}`);
  const path = host.systemd.services["cc-ci-runner"]?.environment?.PATH;
  // NixOS has the programs of environment.systemPackages there.
  assert.ok(path?.split(":").includes("/run/current-system/sw/bin"), path);
});

withNix(
  "secrets of a NixOS host come from sops, and each starts the units again that read it, except a runner",
  async (nix) => {
    const host = await nixHost(
      nix,
      `${COMMIT} services.cc-ci.secretsFile = lib.mkForce (builtins.toFile "secrets.yaml" "");`,
    );
    const names = [...Object.values(UNITS.units)].flatMap(({ credentials }) =>
      credentials.filter(({ optional, from }) => !optional && from === undefined).map(({ name }) =>
        `cc-ci/${name}`
      )
    );
    assert.deepEqual(Object.keys(host.secrets).sort(), [...new Set(names)].sort());
    assert.deepEqual(host.secrets["cc-ci/runner_token"]?.restartUnits, ["cc-ci-dashboard.service"]);
    assert.deepEqual(host.secrets["cc-ci/drone_token"]?.restartUnits, [
      "cc-ci-bridge.service",
      "cc-ci-drone.service",
    ]);
    assert.ok(!JSON.stringify(host.systemd).includes("/etc/cc-ci/secrets"));
  },
);

withNix(
  "a NixOS host has a time zone in a file, and a Docker for Swarm with the floor that nothing prunes",
  async (nix) => {
    const { docker, etc, failed, firewall, warnings } = await nixHost(nix);
    assert.deepEqual(failed, []);
    assert.match(
      warnings.join("\n"),
      /^The host has no bridge .*: set services\.cc-ci\.drone\.commit to the commit of cc-ci\/cc-ci .*$/,
    );
    assert.equal(etc.timezone, "UTC\n");
    assert.equal((await nixHost(nix, "time.timeZone = null;")).etc.timezone, "UTC\n");
    // Traefik has to reach dashboard and bridge from its container.
    assert.deepEqual(firewall, { docker_gwbridge: { allowedTCPPorts: [3181, 3182] } });
    assert.deepEqual([docker.liveRestore, docker.autoPrune.enable], [false, false]);
    assert.equal(docker.daemon.settings["default-runtime"], "cc-ci");
    const { path } = docker.daemon.settings.runtimes["cc-ci"];
    assert.equal(path, "/etc/cc-ci/floor/runtime.sh");
    assert.match(etc["cc-ci/floor"] ?? "", /-cc-ci-bundles\/floor$/);
  },
);

withNix(
  "a host is refused with what its program would say of its settings, when it is built",
  async (nix) => {
    const build = async (settings: string) => {
      const { checks } = await nixHost(nix, settings);
      for (const check of checks) await nix.realise(check);
      return checks.length;
    };
    assert.equal(await build(""), 1);
    for (
      const [settings, why] of [
        ["settings.colour = 1;", /Could not read the settings of this host: .*"colour"/],
        ['gateway.address = "10.0.0.1";', /gateway\.address: must lie in "gateway\.subnet"/],
      ] as const
    ) {
      await assert.rejects(build(`services.cc-ci = { ${settings} };`), why);
    }
  },
);

withNix("the program of a host looks for no part that NixOS gives it none of", async (nix) => {
  const settings = async (...host: Parameters<typeof hostExpression>) =>
    parseSettings(JSON.parse((await nixHost(nix, ...host)).etc["cc-ci/host.json"] ?? ""));
  assert.deepEqual((await settings()).without, []);
  assert.deepEqual((await settings("", { example: "runner" })).without, []);
  const off = await nixHost(
    nix,
    `${COMMIT} services.cc-ci = { runner.enable = false; dashboard.enable = false; bridge.enable = false; };`,
  );
  const services = Object.keys(off.systemd.services).map((name) => `${name}.service`);
  const asked = unitsOf(parseSettings(JSON.parse(off.etc["cc-ci/host.json"] ?? "")));
  assert.deepEqual(asked.filter((name) => goesOn(name)), []);
  assert.deepEqual(asked.filter((name) => name.endsWith(".service") && !services.includes(name)), []);
});

withNix("NixOS takes the names that the host's program takes, and no others", async (nix) => {
  const parts = [
    "people",
    "-people",
    ".people",
    "_people",
    "two people",
    "",
    "peo.ple_x-1",
    "a..b",
    "a.",
    "A",
  ];
  const names = [
    ...parts.flatMap((name) => [name, `${name}/ci`, `ci/${name}`, `${name}.org`]),
    ...["ci.example.org", "CI.example.org", "ci..org", "-ci.org", "ci-.org", "ci.org.", "ci.org/x", "a/b/c"],
    ...["a".repeat(63), "a".repeat(64), "a1".repeat(20), "a1".repeat(32), "A1".repeat(20)],
    ...["10.0.0.1", "255.249.199.99", "256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "::1", "1.2.3.4 "]
      .flatMap((
        address,
      ) => [
        address,
        ...["0", "9", "10", "29", "32", "33", "08", "", "x"].map((bits) => `${address}/${bits}`),
      ]),
  ];
  const taken = await nix.value(
    `builtins.mapAttrs (_: pattern: builtins.filter (name: builtins.match pattern name != null)
      (builtins.fromJSON ''${JSON.stringify(names)}'')) (import (root + "/nix/modules/names.nix"))`,
    z.record(z.string(), z.array(z.string())),
  );
  const kinds = {
    ...{ domain: domainName, org: orgName, repository: repoName, commit: commitId, host: hostName },
    ...{ address: z.ipv4(), network: z.cidrv4() },
  };
  assert.deepEqual(
    taken,
    Object.fromEntries(
      Object.entries(kinds).map(([kind, schema]) => [
        kind,
        names.filter((name) => schema.safeParse(name).success),
      ]),
    ),
  );
});

/** What somebody may say of a host, and what the advice against it must name. */
const WRONG: [settings: string, advice: RegExp][] = [
  [
    'services.cc-ci.certificates = "${builtins.storeDir}/x";',
    /store, which everybody can read: name folders/,
  ],
  [
    `services.cc-ci.domain = lib.mkForce "${"a".repeat(30)}.org";`,
    /has 34 characters.* leave 33: take a shorter domain/,
  ],
  [
    `services.cc-ci.settings.domain = "${"a".repeat(30)}.org";`,
    /has 34 characters.* leave 33: take a shorter domain/,
  ],
  [
    'networking.hostName = lib.mkForce "";',
    /hostName is "", .*or networking\.hostName, to a name such as ci-2/,
  ],
  ['services.cc-ci.settings.name = "ci 2";', /hostName is "ci 2", /],
  ['services.cc-ci.drone.host = "drone.org";', /cc-ci\.drone\.host.* no longer .* runnerOf\.drone/s],
  ["services.cc-ci.proxy.extraRoutes = ./routes.yml;", /cc-ci\.proxy\.extraRoutes.* no longer .*no effect/s],
  ["services.cc-ci.swarm.enable = false;", /need a Swarm: set services\.cc-ci\.swarm\.enable/],
  [
    "services.cc-ci = { swarm.enable = false; runner.enable = false; };",
    /need a Swarm: set services\.cc-ci\.swarm\.enable/,
  ],
  [
    "services.cc-ci = { proxy.enable = false; drone.enable = false; dashboard.enable = false; bridge.enable = false; " +
    'runnerOf = { domain = "first.org"; repository = "cc-ci/cc-ci"; }; };',
    /through Traefik alone: set services\.cc-ci\.proxy\.enable/,
  ],
  [
    "services.cc-ci.drone.enable = false;",
    /takes builds of a Drone: set services\.cc-ci\.drone\.enable = true, or .*\.runnerOf\.domain/,
  ],
  ...["drone", "dashboard", "bridge"].map((part): [string, RegExp] => [
    `services.cc-ci = { runnerOf = { domain = "first.org"; repository = "cc-ci/cc-ci"; }; ${part}.enable = true; };`,
    /further host .* has no Drone, dashboard or bridge of its own: leave services\.cc-ci\.drone\.enable, /,
  ]),
  [
    "services.cc-ci = { drone.enable = false; runner.enable = false; settings.drone.runners = [ ]; };",
    /settings brings no Drone .*: set services\.cc-ci\.drone\.enable/,
  ],
  [
    'services.cc-ci = { backupBot.enable = false; settings.backupBot.version = "1.0.0"; };',
    /settings brings .* no backup bot .*: set .* backupBot\.enable = true/,
  ],
  [
    'services.cc-ci = { secretsFile = lib.mkForce ./x.yaml; settings.secrets = "/srv/secrets"; };',
    /settings\.secrets names a folder, and sops-nix writes .* to its own: leave one/,
  ],
  [
    'services.cc-ci.settings.secrets = "${builtins.storeDir}/x";',
    /store, which everybody can read: name folders/,
  ],
  ["services.cc-ci.proxy.enable = false;", /through Traefik alone: set services\.cc-ci\.proxy\.enable/],
  [
    'services.cc-ci.settings.without = [ "bridge" ];',
    /takes no unit .*: set services\.cc-ci\.bridge\.enable/,
  ],
  ["virtualisation.docker.autoPrune.enable = true;", /autoPrune would remove .*: leave it off/],
  [
    "virtualisation.docker.liveRestore = lib.mkForce true;",
    /beside live-restore: leave .*liveRestore = false/,
  ],
  [
    "virtualisation.docker.daemon.settings.live-restore = true;",
    /beside live-restore: leave .*liveRestore = false/,
  ],
  [
    'services.cc-ci.deno = pkgs.deno // { version = "2.8.3"; };',
    /Deno 2\.9 or later, .* 2\.8\.3: take nixpkgs of/,
  ],
  [
    'services.cc-ci = { binaries = lib.mkForce true; deno = removeAttrs pkgs.deno [ "denort" ]; };',
    /output "denort", .*or set services\.cc-ci\.binaries = false/,
  ],
];

withNix("what would go wrong on a NixOS host is refused with what to do", async (nix) => {
  // NixOS looks at these before it makes anything else of a host.
  const advice = (of: "failed" | "warnings", ...host: Parameters<typeof hostExpression>) =>
    nix.value(`(${hostExpression(...host)}).${of}`, z.array(z.string()));
  for (const [settings, expected] of WRONG) {
    const failed = await advice("failed", settings);
    assert.equal(failed.length, 1, `${settings}: ${failed.join("\n")}`);
    assert.match(failed[0] ?? "", expected);
  }
  const withoutSops = await advice("failed", "services.cc-ci.secretsFile = lib.mkForce ./x.yaml;", {
    sops: false,
  });
  assert.match(withoutSops.join(), /read by sops-nix: import sops-nix\.nixosModules\.sops/);
  const bridge = await advice(
    "warnings",
    "services.cc-ci = { drone.enable = false; runner.enable = false; };",
  );
  assert.match(bridge.join(), /has no bridge, since it has no Drone .*: set services\.cc-ci\.drone\.enable/);
  const old = await advice("warnings", 'services.cc-ci.abra = pkgs.abra // { version = "0.11.0"; };');
  assert.match(old.join(), /abra is 0\.11\.0, .*run "cc-ci-host check"/);
  // The limit of the domain is the one that runs keep.
  assert.doesNotThrow(() => stackOf(`cust-0a1b2c.${"a".repeat(29)}.org`));
  assert.throws(() => stackOf(`cust-0a1b2c.${"a".repeat(30)}.org`));
});

withNix("a setting of the wrong type, or that there is not, is refused by its name", async (nix) => {
  for (
    const [settings, name] of [
      ['services.cc-ci.domain = lib.mkForce "CI.example.org";', "services.cc-ci.domain"],
      ['services.cc-ci.domain = lib.mkForce "localhost";', "services.cc-ci.domain"],
      ['services.cc-ci.forge.org = lib.mkForce "-people";', "services.cc-ci.forge.org"],
      ['services.cc-ci.drone.repository = lib.mkForce "_ops/ci";', "services.cc-ci.drone.repository"],
      ['services.cc-ci.runnerOf.domain = "first";', "services.cc-ci.runnerOf.domain"],
      ['services.cc-ci.runnerOf.domain = "ci.example.com";', "services.cc-ci.runnerOf.repository"],
      ["services.cc-ci.runner.capacity = 0;", "services.cc-ci.runner.capacity"],
      ["services.cc-ci.secrets = ./secrets;", "services.cc-ci.secrets"],
      ['services.cc-ci.optionalSecrets = [ "password" ];', "services.cc-ci.optionalSecrets"],
      ["services.cc-ci.colour = 1;", "services.cc-ci.colour"],
      ['services.cc-ci.gateway.address = "172.18.0.300";', "services.cc-ci.gateway.address"],
      ['services.cc-ci.gateway.subnet = "172.18.0.0/33";', "services.cc-ci.gateway.subnet"],
      ['services.cc-ci.swarm.advertise = "10.0.1";', "services.cc-ci.swarm.advertise"],
      ['services.cc-ci.backupBot.repository = "";', "services.cc-ci.backupBot.repository"],
      ...[
        "https://git.example.org/",
        "https://me:secret@git.example.org",
        "https://git example.org",
        "git.org",
      ]
        .map((url) =>
          [`services.cc-ci.forge.url = lib.mkForce "${url}";`, "services.cc-ci.forge.url"] as const
        ),
    ] as const
  ) {
    const said = await nix.complaint(hostExpression(settings));
    assert.match(said, new RegExp(`option ${name.replaceAll(".", "\\.")}`), settings);
  }
});

withNix(
  "what nixpkgs' own lib makes of the modules is what the lib of these tests makes of them",
  async (nix) => {
    for (const example of ["host", "runner"] as const) {
      const own = await nixHost(nix, SAID, { example });
      assert.deepEqual(await nixHost(nix, SAID, { example, lib: nixpkgs }), own, example);
    }
  },
  nixpkgs === undefined ? "NIX_PATH names no nixpkgs" : null,
);

withNix(
  "the flake offers hosts, programs and checks, and says what it needs where nobody named a registry",
  async (nix) => {
    const outputs = await nix.value(
      `builtins.mapAttrs (name: one: if builtins.elem name [ "packages" "apps" "checks" "devShells" ]
      then builtins.mapAttrs (_: builtins.attrNames) one else if name == "formatter" then builtins.attrNames one
      else builtins.attrNames one) (removeAttrs (import (root + "/nix/testing/outputs.nix")) [ "inputs" "outPath" ])`,
      z.record(z.string(), z.union([z.array(z.string()), z.record(z.string(), z.array(z.string()))])),
    );
    assert.deepEqual(outputs.nixosConfigurations, ["example", "example-runner"]);
    assert.deepEqual(outputs.ofExample, ["nixosConfigurations"]);
    assert.deepEqual(outputs.packages, {
      "aarch64-linux": ["bundles", ...PROGRAMS.map((one) => `cc-ci-${one}`), "default", "npm"],
      "x86_64-linux": ["bundles", ...PROGRAMS.map((one) => `cc-ci-${one}`), "default", "npm"],
    });
    const guide = await Deno.readTextFile(join(root, "docs/install.md"));
    const unnamed = Object.keys(outputs).filter((name) =>
      !/^(inputs|outPath|ofExample)$/.test(name) && !guide.includes(`\`${name}`)
    );
    assert.deepEqual(unnamed, [], "docs/install.md names every kind of output");
    if (!await exists(join(root, ".npmrc"))) {
      const said = await nix.complaint("(pkgs.cc-ci.override { registry = null; }).bundles.drvPath");
      assert.match(said, /npm config get registry.*> \.npmrc && git add/);
    }
  },
);

withNix("every file of nix/ is short and is a Nix expression, and flake.nix only imports", async (nix) => {
  const listed = await execOk(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.nix"], {
    cwd: root,
  });
  const files = listed.stdout.trim().split("\n");
  assert.ok(files.length > 25, files.join());
  for (const file of files) {
    const text = await Deno.readTextFile(join(root, file));
    assert.ok(text.split("\n").length < 150, `${file} has 150 lines or more`);
  }
  await nix.parse(files.map((file) => join(root, file)));
  assert.match(
    await Deno.readTextFile(join(root, "flake.nix")),
    /outputs = inputs: import \.\/nix\/outputs\.nix inputs;/,
  );
});

// The last of all, so that nothing that a test has built goes while another uses it.
withNix("the store of these tests keeps the packages alone", async (nix) => {
  await nix.tidy();
  assert.ok(await exists(await nix.build("cc-ci.npm")));
});
