import type { ComposeFile } from "../recipe/compose.ts";
import {
  type ComposePath,
  entriesOf,
  isRecord,
  itemsOf,
  parseDuration,
  parseSize,
  valueAt,
} from "../recipe/compose_values.ts";
import { quote, type ScopedReport } from "../lint/finding.ts";

const MIB = 1024 * 1024;

/** How many of each a stack may have; ordinary recipes stay below a quarter. */
const counts = { services: 40, networks: 20, volumes: 60, configs: 100, secrets: 100 } as const;
/** Tasks of a whole stack. */
const MAX_TASKS = 60;
/** Entries of a service's lists and mappings. */
const entries: [path: ComposePath, most: number][] = [
  [["volumes"], 60],
  [["tmpfs"], 20],
  [["configs"], 100],
  [["secrets"], 100],
  [["networks"], 20],
  [["environment"], 1_000],
  [["labels"], 200],
  [["deploy", "labels"], 200],
  [["extra_hosts"], 100],
  [["dns"], 10],
];
/** Entries of any other list or mapping, and characters of any text: Docker's own reading takes their square. */
const MAX_ENTRIES = 500;
const MAX_CHARACTERS = 32 * 1024;
/** Bytes of all volumes in memory: what is written there stays when the container that wrote it has ended. */
const MAX_IN_MEMORY = 1024 * MIB;
/** What all tasks of a stack may keep for themselves. */
const MAX_RESERVED = { memory: 2048 * MIB, cpus: 1 } as const;
/** Files of a volume in memory: each costs the kernel memory, however small it is, and none counts as its size. */
const MAX_INODES = 1_000_000;
/** Health checks of all tasks in a second, and starts after failures: what Docker does for these is no container's. */
const MAX_RATES = { "health checks": 20, restarts: 20 } as const;
/** Seconds that Docker waits where the recipe says nothing, or zero. */
const usual = { interval: 30, delay: 5 } as const;
/** Volumes without a name of all tasks: each task gets its own. */
const MAX_UNNAMED = 60;
/** Limits of the kernel that a container may set itself; with others it could take processor time from the host. */
const ulimits = /^(as|core|cpu|data|fsize|memlock|nofile|nproc|rss|stack)$/;

/** How a value is read, the least and the most that it may be, and how people write these. */
interface Bound {
  path: ComposePath;
  read: (value: unknown) => number | null;
  least?: [number, string];
  /** Zero stands for Docker's own default. */
  zeroIsDefault?: boolean;
  most?: [number, string];
}

/** Numbers that cost the host by their size, or by how often something happens. */
const bounds: Bound[] = [
  { path: ["deploy", "replicas"], read: number, most: [20, "20"] },
  ...["interval", "start_interval"].map((key): Bound => ({
    ...rate(["healthcheck", key]),
    zeroIsDefault: true,
  })),
  rate(["deploy", "restart_policy", "delay"]),
  // What is reserved nobody else's services get, whether it is used or not.
  { path: reserved("memory"), read: parseSize, most: [MAX_RESERVED.memory, "2 GiB"] },
  { path: reserved("cpus"), read: processors, most: [MAX_RESERVED.cpus, "1"] },
  { path: ["stop_grace_period"], read: parseDuration, most: [3_600, "1h"] },
  { path: ["shm_size"], read: parseSize, most: [1024 * MIB, "1 GiB"] },
  { path: ["logging", "options", "max-size"], read: parseSize, most: [100 * MIB, "100 MiB"] },
  { path: ["logging", "options", "max-file"], read: number, most: [10, "10"] },
  { path: ["logging", "options", "max-buffer-size"], read: parseSize, most: [4 * MIB, "4 MiB"] },
  { path: ["deploy", "resources", "limits", "pids"], read: number, most: [10_000, "10000"] },
  ...["nofile", "nproc"].flatMap((name) =>
    [[], ["soft"], ["hard"]].map((rest): Bound => ({
      path: ["ulimits", name, ...rest],
      read: number,
      most: [1_048_576, "1048576"],
    }))
  ),
];

function rate(path: ComposePath): Bound {
  return { path, read: parseDuration, least: [1, "1s"] };
}

function reserved(what: keyof typeof MAX_RESERVED): ComposePath {
  return ["deploy", "resources", "reservations", what];
}

function processors(value: unknown): number | null {
  return /^[0-9]*\.?[0-9]+$/.test(String(value)) ? Number(value) : null;
}

function number(value: unknown): number | null {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^-?[0-9]+$/.test(value) ? Number(value) : null;
}

/** What costs the host by its number, size or rate. Memory and processes of containers have limits of their own. */
export function checkLimits(file: ComposeFile, report: ScopedReport): void {
  for (const section of ["services", "networks", "volumes", "configs", "secrets"] as const) {
    const found = entriesOf(file.doc[section]).length;
    if (found > counts[section]) {
      tooMany(report, { path: [section], found, most: counts[section], what: section });
    }
  }
  let tasks = 0;
  let unnamed = 0;
  const held = { memory: 0, cpus: 0 };
  const rates = { "health checks": 0, restarts: 0 };
  for (const [name, definition] of entriesOf(file.doc.services)) {
    const replicas = number(valueAt(definition, ["deploy", "replicas"])) ?? 1;
    tasks += replicas;
    unnamed += replicas *
      itemsOf(valueAt(definition, ["volumes"])).filter(([, mount]) => isUnnamed(mount)).length;
    held.memory += replicas * (parseSize(valueAt(definition, reserved("memory"))) ?? 0);
    held.cpus += replicas * (processors(valueAt(definition, reserved("cpus"))) ?? 0);
    rates["health checks"] += replicas * perSecond(definition);
    rates.restarts += replicas /
      (parseDuration(valueAt(definition, ["deploy", "restart_policy", "delay"])) ?? usual.delay);
    for (const [path, most] of entries) {
      const value = valueAt(definition, path);
      const found = Array.isArray(value) ? value.length : isRecord(value) ? Object.keys(value).length : 0;
      if (found <= most) continue;
      tooMany(report, {
        path: ["services", name, ...path],
        found,
        most,
        what: `${path.join(".")} of ${quote(name)}`,
      });
    }
    for (const bound of bounds) checkBound(bound, { service: name, definition, report });
    checkTmpfs(name, { definition, report });
    for (const [limit] of entriesOf(valueAt(definition, ["ulimits"]))) {
      if (ulimits.test(limit)) continue;
      report("confine.limit", ["services", name, "ulimits", limit], {
        message: `Service ${quote(name)} sets the limit ${quote(limit)}, which reaches beyond its container`,
        subject: limit,
      });
    }
  }
  checkVolumesInMemory(file, report);
  checkLengths(file.doc, { path: [], report });
  for (const [what, amount] of [["memory", held.memory], ["cpus", held.cpus]] as const) {
    if (amount <= MAX_RESERVED[what]) continue;
    report("confine.limit", ["services"], {
      message: `The services reserve more ${what} of the host together than one app may`,
      subject: `reservations.${what}`,
    });
  }
  for (const what of ["health checks", "restarts"] as const) {
    if (rates[what] <= MAX_RATES[what] + 0.001) continue;
    report("confine.limit", ["services"], {
      message: `All tasks together may come to more than ${MAX_RATES[what]} ${what} a second`,
      subject: what,
      hint: "Take longer intervals, or fewer replicas",
    });
  }
  if (unnamed > MAX_UNNAMED) {
    tooMany(report, {
      path: ["services"],
      found: unnamed,
      most: MAX_UNNAMED,
      what: "volumes without a name",
    });
  }
  if (tasks > MAX_TASKS) {
    tooMany(report, { path: ["services"], found: tasks, most: MAX_TASKS, what: "tasks" });
  }
}

/** How often in a second Docker looks after the health of one container, at most. */
function perSecond(definition: unknown): number {
  const seconds = ["interval", "start_interval"]
    .map((key) => parseDuration(valueAt(definition, ["healthcheck", key])))
    .map((value) => value === null || value === 0 ? usual.interval : value);
  return isRecord(valueAt(definition, ["healthcheck"])) ? 1 / Math.min(...seconds) : 0;
}

function isUnnamed(mount: unknown): boolean {
  if (!isRecord(mount)) return !String(mount).includes(":");
  return mount.type === "volume" && (mount.source ?? "") === "";
}

function tooMany(
  report: ScopedReport,
  { path, found, most, what }: { path: ComposePath; found: number; most: number; what: string },
): void {
  report("confine.limit", path, {
    message: `There are ${found} ${what}, more than ${most}`,
    subject: String(path.at(-1)),
  });
}

function checkBound(
  { path, read, least, most, zeroIsDefault = false }: Bound,
  { service, definition, report }: { service: string; definition: unknown; report: ScopedReport },
): void {
  const value = valueAt(definition, path);
  if (value === undefined || value === null || isRecord(value)) return;
  const amount = read(value);
  const field = path.join(".");
  const problem = amount === null
    ? "cannot be read"
    : least !== undefined && amount < least[0] && !(zeroIsDefault && amount === 0)
    ? `is less than ${least[1]}`
    : most !== undefined && amount > most[0]
    ? `is more than ${most[1]}`
    : null;
  if (problem === null) return;
  report("confine.limit", ["services", service, ...path], {
    message: `Service ${quote(service)} sets ${field} to ${quote(value)}, which ${problem}`,
    subject: field,
  });
}

function checkTmpfs(
  service: string,
  { definition, report }: { definition: unknown; report: ScopedReport },
): void {
  for (const [index, mount] of itemsOf(valueAt(definition, ["volumes"]))) {
    const size = valueAt(mount, ["tmpfs", "size"]);
    if (size === undefined || size === null) continue;
    const amount = parseSize(size);
    if (amount !== null && amount <= 1024 * MIB) continue;
    report("confine.limit", ["services", service, "volumes", index, "tmpfs", "size"], {
      message: `Service ${quote(service)} has a tmpfs of ${quote(size)}, which ${
        amount === null ? "cannot be read" : "is more than 1 GiB"
      }`,
      subject: "tmpfs.size",
    });
  }
}

/** Without a size, a tmpfs takes half of the host's memory; counted in pages or blocks, it has none that we read. */
function checkVolumesInMemory(file: ComposeFile, report: ScopedReport): void {
  let sum = 0;
  for (const [key, definition] of entriesOf(file.doc.volumes)) {
    const options = valueAt(definition, ["driver_opts"]);
    if (valueAt(options, ["type"]) !== "tmpfs") continue;
    const written = String(valueAt(options, ["o"]) ?? "").split(",").map((option) => option.trim());
    const last = (name: string) =>
      written.findLast((option) => option.startsWith(`${name}=`))?.slice(name.length + 1);
    const bytes = parseSize(last("size"));
    const inodes = parseSize(last("nr_inodes") ?? MAX_INODES) ?? 0;
    sum += bytes ?? 0;
    const problem = bytes === null
      ? "states no size that can be read"
      : sum > MAX_IN_MEMORY
      ? "makes more than 1 GiB of volumes in memory"
      : inodes < 1 || inodes > MAX_INODES
      ? `may hold more than ${MAX_INODES} files`
      : null;
    if (problem === null) continue;
    report("confine.limit", ["volumes", key, "driver_opts", "o"], {
      message: `Volume ${quote(key)} is kept in memory and ${problem}`,
      subject: key,
      hint: "Write its size as o: size=64m",
    });
  }
}

function checkLengths(
  value: unknown,
  { path, report }: { path: ComposePath; report: ScopedReport },
): void {
  if (typeof value === "string" && value.length > MAX_CHARACTERS) {
    report("confine.limit", path, {
      message: `The value of ${quote(path.join("."))} is longer than ${MAX_CHARACTERS} characters`,
      subject: String(path.at(-1)),
    });
  }
  const found = Array.isArray(value) ? itemsOf(value) : entriesOf(value);
  if (found.length > MAX_ENTRIES && path.length > 1 && !entries.some(([known]) => endsWith(path, known))) {
    return tooMany(report, {
      path,
      found: found.length,
      most: MAX_ENTRIES,
      what: `entries of ${quote(path.join("."))}`,
    });
  }
  for (const [key, item] of found) checkLengths(item, { path: [...path, key], report });
}

/** Whether a path is that of a service's list that has a number of its own. */
function endsWith(path: ComposePath, known: ComposePath): boolean {
  return path.slice(2).join(".") === known.join(".");
}
