import type { ComposeFile } from "../recipe/compose.ts";
import { entriesOf, isRecord, itemsOf } from "../recipe/compose_values.ts";
import { quote, type ScopedReport } from "../lint/finding.ts";

/**
 * Ports published on the host: none, unless our `recipe.yml` permits one by its number (`confine.port=8448`). Web
 * traffic comes through the reverse proxy; any port may be that of another service of the host, and in ingress mode
 * Docker answers before the host's own program does. Where no number is stated, Docker chooses one: `random`.
 */
export function checkPorts(file: ComposeFile, report: ScopedReport): void {
  for (const [service, definition] of entriesOf(file.doc.services)) {
    if (!isRecord(definition) || definition.ports === undefined || definition.ports === null) continue;
    if (!Array.isArray(definition.ports)) {
      report("confine.port", ["services", service, "ports"], {
        message: `The ports of service ${quote(service)} are no list`,
      });
    }
    for (const [index, port] of itemsOf(definition.ports)) {
      const path = ["services", service, "ports", index];
      const subject = publishedPorts(port);
      if (subject === "unreadable") {
        report("confine.port", path, {
          message: `Service ${quote(service)} publishes ${quote(port)}, which cannot be read as ports`,
        });
        continue;
      }
      report("confine.port", path, {
        message: `Service ${quote(service)} takes ${
          subject === "random" ? "a random port" : `port ${subject}`
        } of the host`,
        subject,
        hint:
          "Web traffic comes through Traefik: leave out `ports`, or ask for an exception in the enrolment",
      });
    }
  }
}

/** `8448`, `8448-8450`, `random` or `unreadable`. */
function publishedPorts(port: unknown): string {
  if (typeof port === "number") return "random";
  if (typeof port === "string") {
    const parts = (port.split("/")[0] ?? "").split(":");
    return parts.length < 2 ? "random" : readRange(parts.at(-2) ?? "");
  }
  if (!isRecord(port)) return "unreadable";
  const { published } = port;
  return published === undefined || published === null ? "random" : readRange(String(published));
}

function readRange(text: string): string {
  if (text === "" || /^0+$/.test(text)) return "random";
  const match = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(text);
  if (match === null) return "unreadable";
  const from = Number(match[1]);
  const to = match[2] === undefined ? from : Number(match[2]);
  return from === to ? String(from) : `${from}-${to}`;
}
