import type { ComposeFile } from "../compose.ts";
import { entriesOf, isRecord, itemsOf } from "../compose_values.ts";
import { quote, type ScopedReport } from "./finding.ts";

/** Swarm's own ports and Docker's API. */
const systemPorts = [2375, 2376, 2377, 4789, 7946];
const LAST_PRIVILEGED = 1023;

/**
 * Ports published on the host. Web traffic comes through the reverse proxy; a port below 1024 would take a service
 * of the host's own away from it (even in ingress mode: Docker answers before sshd does).
 */
export function checkPorts(file: ComposeFile, report: ScopedReport): void {
  for (const [service, definition] of entriesOf(file.doc.services)) {
    if (!isRecord(definition)) continue;
    for (const [index, port] of itemsOf(definition.ports)) {
      const range = publishedRange(port);
      if (range === "none") continue;
      const path = ["services", service, "ports", index];
      if (range === "unreadable") {
        report("confine.port", path, {
          message: `Service ${quote(service)} publishes ${quote(port)}, which cannot be read as ports`,
        });
        continue;
      }
      const [from, to] = range;
      const system = systemPorts.find((number) => from <= number && number <= to);
      if (from > LAST_PRIVILEGED && system === undefined) continue;
      const subject = from === to ? String(from) : `${from}-${to}`;
      report("confine.port", path, {
        message: `Service ${quote(service)} takes port ${subject} of the host`,
        subject,
        hint: from <= 443 && to >= 80
          ? "Web traffic comes through Traefik: leave out `ports`"
          : "Publish a port above 1023, or ask for an exception in the enrolment",
      });
    }
  }
}

function publishedRange(port: unknown): [number, number] | "none" | "unreadable" {
  if (typeof port === "number") return "none";
  if (typeof port === "string") {
    const parts = (port.split("/")[0] ?? "").split(":");
    if (parts.length < 2) return "none";
    return readRange(parts.at(-2) ?? "");
  }
  if (!isRecord(port)) return "unreadable";
  const { published } = port;
  if (published === undefined || published === null || published === "" || published === 0) return "none";
  return readRange(String(published));
}

function readRange(text: string): [number, number] | "none" | "unreadable" {
  if (text === "") return "none";
  const match = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(text);
  if (match === null) return "unreadable";
  const from = Number(match[1]);
  return [from, match[2] === undefined ? from : Number(match[2])];
}
