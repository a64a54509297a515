import * as z from "zod";
import type { Nix } from "./nix.ts";

const text = z.string();
const lines = z.union([text, z.array(text)]);
const unit = z.object({
  description: text.default(""),
  after: z.array(text).default([]),
  before: z.array(text).default([]),
  wants: z.array(text).default([]),
  requires: z.array(text).default([]),
  wantedBy: z.array(text).default([]),
  unitConfig: z.record(text, lines).default({}),
  environment: z.record(text, text).optional(),
  serviceConfig: z.record(text, lines).optional(),
  timerConfig: z.record(text, lines).optional(),
  pathConfig: z.record(text, lines).optional(),
  restartIfChanged: z.boolean().default(true),
});
const units = z.record(text, unit);

/** What nix/testing/evaluate.nix says of a host. */
const schema = z.object({
  systemd: z.object({ services: units, timers: units, paths: units, targets: units }),
  holes: z.record(text, text),
  failed: z.array(text),
  warnings: z.array(text),
  etc: z.record(text, text),
  secrets: z.record(text, z.object({ restartUnits: z.array(text) })),
  docker: z.object({
    liveRestore: z.boolean(),
    autoPrune: z.object({ enable: z.boolean() }),
    daemon: z.object({
      settings: z.looseObject({
        "default-runtime": text,
        runtimes: z.object({ "cc-ci": z.object({ path: text }) }),
      }),
    }),
  }),
  /** Ports of this host that containers reach, by the bridge they come from. */
  firewall: z.record(text, z.object({ allowedTCPPorts: z.array(z.int()) })),
  /** Derivations that the host is refused with where one cannot be built. */
  checks: z.array(text),
  packages: z.array(text),
  commands: z.record(text, text),
  builds: z.record(text, z.array(text)),
});
export type NixHost = z.infer<typeof schema>;

interface Host {
  /** @default "host" */
  example?: "host" | "runner";
  /** Whether there is sops-nix. @default true */
  sops?: boolean;
  /** Whether programs are binaries. @default false */
  binaries?: boolean;
  /** Path of nixpkgs' own lib. @default the one of nix/testing/ */
  lib?: string | undefined;
}

/** An example of nix/example/ with further settings, which are the body of a module. */
export function hostExpression(
  settings = "",
  { example = "host", sops = true, binaries = false, lib }: Host = {},
): string {
  return `import (root + "/nix/testing/evaluate.nix") {
    inherit path deno; sops = ${sops}; lib = ${lib ?? "null"};
    module = { lib, pkgs, ... }: {
      imports = [ (root + "/nix/example/${example}.nix") { ${settings} } ];
      services.cc-ci = { registry = lib.mkForce registry; binaries = ${binaries}; };
    };
  }`;
}

/** Evaluates such a host. */
export async function nixHost(nix: Nix, settings?: string, host?: Host): Promise<NixHost> {
  return await nix.value(hostExpression(settings, host), schema);
}

/** Lines of a unit by section and key, with those that NixOS writes in its own way in the form of both. */
export function unitOf(host: NixHost | Record<string, string>, name: string): Record<string, string[]> {
  return isFiles(host) ? ofFile(host[name] ?? "") : ofNixos(host, name);
}

function isFiles(host: NixHost | Record<string, string>): host is Record<string, string> {
  return typeof host.holes !== "object";
}

function ofNixos(host: NixHost, name: string): Record<string, string[]> {
  const [base = "", kind = ""] = name.split(".");
  const found = host.systemd[`${kind}s` as keyof NixHost["systemd"]][base];
  if (found === undefined) throw new RangeError(`There is no unit "${name}"`);
  const { serviceConfig = {}, timerConfig = {}, pathConfig = {}, environment = {} } = found;
  const all: Record<string, string | string[]> = {
    "Unit.Description": found.description,
    "Unit.After": found.after.join(" "),
    "Unit.Before": found.before.join(" "),
    "Unit.Wants": found.wants.join(" "),
    "Unit.Requires": found.requires.join(" "),
    "Unit.X-RestartIfChanged": found.restartIfChanged ? "" : "false",
    "Install.WantedBy": found.wantedBy.join(" "),
    "Service.Environment": Object.entries(environment).map(([variable, value]) => `${variable}=${value}`)
      .sort(),
  };
  for (
    const [section, config] of Object.entries({
      Unit: found.unitConfig,
      Service: serviceConfig,
      Timer: timerConfig,
      Path: pathConfig,
    })
  ) {
    for (const [key, value] of Object.entries(config)) all[`${section}.${key}`] = value;
  }
  return Object.fromEntries(
    Object.entries(all).map(([key, value]): [string, string[]] => [key, [value].flat()])
      .filter(([key, value]) => value.length > 0 && (value.join("") !== "" || key.startsWith("Service.Cap")))
      .sort(([one], [other]) => one < other ? -1 : 1),
  );
}

function ofFile(file: string): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  let section = "";
  for (const line of file.split("\n")) {
    const [, heading] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, key, value = ""] = /^([\w-]+)=(.*)$/.exec(line) ?? [];
    if (heading !== undefined) section = heading;
    if (key !== undefined) (all[`${section}.${key}`] ??= []).push(value);
  }
  const { "Service.Environment": environment, "Unit.Wants": wants } = all;
  if (environment !== undefined) {
    all["Service.Environment"] = environment.map((one) => one.startsWith('"') ? JSON.parse(one) : one).sort();
  }
  if (wants !== undefined) all["Unit.Wants"] = [wants.join(" ")];
  return Object.fromEntries(Object.entries(all).sort(([one], [other]) => one < other ? -1 : 1));
}
