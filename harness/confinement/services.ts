import type { ComposeFile } from "../recipe/compose.ts";
import { entriesOf, isRecord } from "../recipe/compose_values.ts";
import { quote, type ScopedReport } from "../lint/finding.ts";
import { checkKeys } from "./keys.ts";

const forbidden: Record<string, [rule: string, what: string]> = {
  privileged: ["confine.privileged", "runs privileged"],
  cap_add: ["confine.capability", "adds capabilities"],
  devices: ["confine.device", "asks for devices of the host"],
  device_cgroup_rules: ["confine.device", "asks for devices of the host"],
  gpus: ["confine.device", "asks for devices of the host"],
  network_mode: ["confine.host-network", "chooses a network mode"],
  pid: ["confine.namespace", "shares a process namespace"],
  ipc: ["confine.namespace", "shares an IPC namespace"],
  uts: ["confine.namespace", "shares a UTS namespace"],
  userns_mode: ["confine.namespace", "chooses a user namespace"],
  cgroup: ["confine.namespace", "chooses a cgroup"],
  cgroupns_mode: ["confine.namespace", "chooses a cgroup namespace"],
  cgroup_parent: ["confine.namespace", "chooses a parent cgroup"],
  security_opt: ["confine.security-opt", "changes security options"],
  sysctls: ["confine.sysctl", "sets kernel parameters"],
  oom_score_adj: ["confine.security-opt", "changes how the kernel picks whom to kill"],
  credential_spec: ["confine.security-opt", "names a credential specification"],
  isolation: ["confine.security-opt", "chooses an isolation technology"],
  runtime: ["confine.security-opt", "chooses a container runtime"],
  use_api_socket: ["confine.socket", "asks for the Docker socket"],
  external_links: ["confine.external", "links to containers outside the stack"],
  volumes_from: ["confine.bind", "takes volumes from other containers"],
  volume_driver: ["confine.driver", "chooses a volume driver"],
  extends: ["confine.file", "extends a service of another file"],
};

/** Drivers that keep the log with the container, where it is bounded: the host's journal belongs to the host. */
const logDrivers = new Set(["", "json-file", "local", "none"]);
/** Options of these drivers that bound the log or say what goes into it. */
const logOptions =
  /^(max-size|max-file|max-buffer-size|mode|compress|labels|labels-regex|env|env-regex|tag)$/;

/** A log's tag is a template that Docker's daemon fills in, a program like any other: only plain fields. */
const plainTag = /^(?:[\w.\/: @-]|\{\{ ?\.[A-Za-z]+ ?\}\}){0,200}$/;

/** Powers that a service asks for by a key. */
export function checkServices(file: ComposeFile, report: ScopedReport): void {
  checkKeys(file, { report, refused: (key) => Object.hasOwn(forbidden, key) });
  for (const [service, definition] of entriesOf(file.doc.services)) {
    for (const [key, value] of entriesOf(definition)) {
      const path = ["services", service, key];
      const rule = Object.hasOwn(forbidden, key) ? forbidden[key] : undefined;
      if (rule !== undefined && !isNothing(value)) {
        report(rule[0], path, {
          message: `Service ${quote(service)} ${rule[1]}: ${key} ${quote(value)}`,
          subject: typeof value === "object" ? key : String(value),
        });
      }
    }
    if (!isRecord(definition)) continue;
    checkLogging(service, { logging: definition.logging, report });
    checkReservations(service, { deploy: definition.deploy, report });
  }
}

/** Nothing asked for: absent, empty or switched off. */
function isNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === "") return true;
  if (typeof value === "string") return /^(n|no|off|false)$/i.test(value);
  return typeof value === "object" && Object.keys(value).length === 0;
}

function checkLogging(
  service: string,
  { logging, report }: { logging: unknown; report: ScopedReport },
): void {
  if (!isRecord(logging)) return;
  const path = ["services", service, "logging"];
  if (logging.driver !== undefined && !logDrivers.has(String(logging.driver ?? ""))) {
    report("confine.logging", [...path, "driver"], {
      message: `Service ${quote(service)} sends its log elsewhere, by the driver ${quote(logging.driver)}`,
      subject: String(logging.driver),
      hint: "Leave out `logging`, or use json-file or local",
    });
  }
  for (const [option, value] of entriesOf(logging.options)) {
    if (logOptions.test(option) && (option !== "tag" || plainTag.test(String(value ?? "")))) continue;
    report("confine.logging", [...path, "options", option], {
      message: `Service ${quote(service)} sets an option that is not known to keep its log here: ${option} ${
        quote(value)
      }`,
      subject: option,
    });
  }
}

function checkReservations(
  service: string,
  { deploy, report }: { deploy: unknown; report: ScopedReport },
): void {
  const resources = isRecord(deploy) ? deploy.resources : undefined;
  const reservations = isRecord(resources) ? resources.reservations : undefined;
  for (const key of ["devices", "generic_resources"]) {
    const value = isRecord(reservations) ? reservations[key] : undefined;
    if (isNothing(value)) continue;
    report("confine.device", ["services", service, "deploy", "resources", "reservations", key], {
      message: `Service ${quote(service)} reserves devices of the host: ${quote(value)}`,
      subject: key,
    });
  }
}
