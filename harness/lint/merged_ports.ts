import type { Compose } from "../recipe/compose.ts";
import { type ComposePath, isRecord, itemsOf } from "../recipe/compose_values.ts";
import { asMap } from "../recipe/compose_services.ts";
import { type Finding, quote } from "./finding.ts";

/** A port as a compose file publishes it. */
interface Port {
  file: string;
  line: number;
  /** By what Docker tells it from others; 0: Docker chooses the number. */
  published: string;
  target: string;
  protocol: string;
}

/**
 * Ports that a service publishes in vain. Where a second file says anything of a service, Docker's client lays its ports
 * over each other by the published number alone (`cli/compose/loader/merge.go`): of TCP and UDP at one number, and of
 * all ports without a number, the last one stays.
 */
export function checkMergedPorts({ files }: Pick<Compose, "files">): Finding[] {
  const names = new Set(files.flatMap(({ doc }) => Object.keys(asMap(doc.services))));
  return [...names].flatMap((service) => {
    const told = files.filter(({ doc }) => Object.hasOwn(asMap(doc.services), service));
    const over = told.at(-1);
    if (told.length < 2 || over === undefined) return [];
    const lists = told.map((file) => portsOf(file, service));
    return lists.flatMap((ports, at) =>
      ports.flatMap((port, index): Finding[] => {
        const later = ports.slice(index + 1).find((one) => one.published === port.published);
        const next = lists.slice(at + 1).flat().find((one) => one.published === port.published);
        // Who says in another file what the same port leads to means that.
        const lost = later ?? (next !== undefined && next.protocol !== port.protocol ? next : undefined);
        if (lost === undefined || inShort(lost) === inShort(port)) return [];
        return [{
          rule: "lint.merged-ports",
          severity: "warning",
          file: port.file,
          line: port.line,
          message: `Docker drops port ${inShort(port)} of service ${quote(service)} for ${
            inShort(lost)
          }, because ${quote(over.path)} is laid over it`,
          hint:
            "Docker tells a service's ports apart by the published number alone once two files name the service: " +
            "keep it in one file, or publish another number",
          subject: `${service}:${inShort(port)}`,
        }];
      })
    );
  });
}

/** Ports that a service publishes by one compose file. */
export function portsOf(file: Compose["files"][number], service: string): Port[] {
  const { ports } = asMap(asMap(file.doc.services)[service]);
  return itemsOf(ports).flatMap(([index, port]) => {
    const path: ComposePath = ["services", service, "ports", index];
    const place = { file: file.path, line: file.lineOf(path) ?? 1 };
    if (isRecord(port)) {
      const { published = 0, target = "", protocol = "tcp" } = port;
      return [{ ...place, published: String(published), target: String(target), protocol: String(protocol) }];
    }
    if (typeof port !== "string" && typeof port !== "number") return [];
    const [address = "", protocol = "tcp"] = String(port).split("/");
    const parts = address.split(":");
    const target = parts.at(-1) ?? "";
    const numbers = expand(parts.at(-2) ?? "0");
    const targets = expand(target);
    return numbers.map((published, at) => ({
      ...place,
      published,
      target: targets.length === numbers.length ? targets[at] ?? target : target,
      protocol,
    }));
  });
}

/** The numbers of a range. */
function expand(text: string): string[] {
  const [from = 0, to = from] = text.split("-").map(Number);
  const count = to - from + 1;
  return count > 1 && count <= 65_536 ? Array.from({ length: count }, (_, at) => String(from + at)) : [text];
}

/** `64738/udp`, and where Docker chooses the number `9000/tcp` of the container. */
function inShort({ published, target, protocol }: Port): string {
  return `${published === "0" || published === "" ? target : published}/${protocol}`;
}
