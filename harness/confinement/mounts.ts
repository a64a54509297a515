import type { ComposeFile } from "../recipe/compose.ts";
import { entriesOf, isRecord, itemsOf } from "../recipe/compose_values.ts";
import { quote, type ScopedReport } from "../lint/finding.ts";

/** Docker's own pattern for names of volumes; whatever does not match it is taken for a path. */
const volumeName = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
/** Options of the `local` driver that stay in memory; `device` and `o` are looked at by value. */
const tmpfsOption = /^(size|mode|uid|gid|nr_inodes|noexec|nosuid|nodev|ro|rw|noatime|relatime)(=|$)/;

/** Mounts of services, in short and long form, and volumes whose options make them a mount of something else. */
export function checkMounts(file: ComposeFile, report: ScopedReport): void {
  for (const [service, definition] of entriesOf(file.doc.services)) {
    if (!isRecord(definition)) continue;
    for (const [index, mount] of itemsOf(definition.volumes)) {
      checkMount(mount, { service, path: ["services", service, "volumes", index], report });
    }
  }
  for (const [key, definition] of entriesOf(file.doc.volumes)) {
    if (isRecord(definition)) checkVolume(key, { definition, report });
  }
}

interface MountScope {
  service: string;
  path: (string | number)[];
  report: ScopedReport;
}

function checkMount(mount: unknown, scope: MountScope): void {
  if (typeof mount === "string") {
    // "v:/data" is a Windows path to Docker: reading.ts finds the difference.
    const parts = mount.split(":");
    const source = parts[0] ?? "";
    if (parts.length > 1 && !volumeName.test(source)) reportPath(source, scope);
    return;
  }
  if (!isRecord(mount)) return;
  const type = mount.type;
  const source = mount.source === undefined || mount.source === null ? "" : String(mount.source);
  if (source !== "" && !volumeName.test(source)) reportPath(source, scope);
  else if (type !== undefined && type !== "volume" && type !== "tmpfs") {
    scope.report("confine.bind", scope.path, {
      message: `Service ${quote(scope.service)} uses a mount of type ${quote(type)}`,
      subject: String(type),
      hint: "Use a named volume",
    });
  }
  const subpath = isRecord(mount.volume) ? mount.volume.subpath : undefined;
  if (subpath !== undefined && /^\/|(^|\/)\.\.(\/|$)/.test(String(subpath))) {
    scope.report("confine.bind", [...scope.path, "volume", "subpath"], {
      message: `Service ${quote(scope.service)} mounts ${quote(subpath)}, which leaves its volume`,
      subject: String(subpath),
    });
  }
  if (mount.bind !== undefined) {
    scope.report("confine.bind", [...scope.path, "bind"], {
      message: `Service ${quote(scope.service)} sets options of a bind mount`,
      subject: "bind",
    });
  }
}

function reportPath(source: string, { service, path, report }: MountScope): void {
  if (source.includes("{{")) {
    report("confine.name", path, {
      message: `Service ${quote(service)} calls its volume ${
        quote(source)
      }, a template that Swarm would fill in`,
      subject: source,
      hint: "Give the volume one name for all tasks",
    });
    return;
  }
  if (reachesSocket(source)) {
    report("confine.socket", path, {
      message: `Service ${quote(service)} mounts ${quote(source)}, which gives it the Docker socket`,
      subject: source,
    });
    return;
  }
  report("confine.bind", path, {
    message: `Service ${quote(service)} mounts ${quote(source)} of the host`,
    subject: source,
    hint: "Use a named volume, or a config for a file of the recipe",
  });
}

/** Whether a path is the Docker or containerd socket, or a folder above it. */
function reachesSocket(source: string): boolean {
  if (!source.startsWith("/") && !source.includes("..")) return false; // below the recipe's folder, or a home
  const path = `/${source.split("/").filter((part) => part !== "" && part !== ".").join("/")}`;
  if (/(docker|containerd|podman)[^/]*\.sock/.test(path) || path.includes("/..")) {
    return /sock|run/.test(path);
  }
  return ["/", "/run", "/var", "/var/run", "/run/docker", "/run/containerd", "/var/run/docker", "/proc"]
    .includes(path);
}

function checkVolume(
  key: string,
  { definition, report }: { definition: Record<string, unknown>; report: ScopedReport },
): void {
  const path = ["volumes", key];
  const driver = definition.driver;
  if (driver !== undefined && driver !== null && driver !== "" && driver !== "local") {
    report("confine.driver", [...path, "driver"], {
      message: `Volume ${quote(key)} uses the driver ${quote(driver)}`,
      subject: String(driver),
    });
  }
  // Each option by itself: two files could share the work of a bind between them.
  for (const [option, raw] of entriesOf(definition.driver_opts)) {
    const value = String(raw);
    const fine = option === "type"
      ? value === "tmpfs"
      : option === "device"
      ? value === "tmpfs"
      : option === "o"
      ? value.split(",").every((part) => tmpfsOption.test(part.trim()))
      : false;
    if (fine) continue;
    if (!["type", "device", "o"].includes(option)) {
      report("confine.driver", [...path, "driver_opts", option], {
        message: `Volume ${quote(key)} sets the driver option ${
          quote(option)
        }, which the local driver does not know`,
        subject: option,
        hint: "Leave it out; the size of a tmpfs is part of the option o",
      });
      continue;
    }
    const socket = option === "device" && reachesSocket(value.replace(/^:/, ""));
    report(socket ? "confine.socket" : "confine.bind", [...path, "driver_opts", option], {
      message: `Volume ${quote(key)} is a mount in disguise: ${option} ${quote(value)}`,
      subject: value,
      hint: "Leave out driver_opts; only tmpfs is allowed",
    });
  }
}
