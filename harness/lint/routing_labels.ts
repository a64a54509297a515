import type { Compose } from "../recipe/compose.ts";
import { entriesOf, listOrMap, valueAt } from "../recipe/compose_values.ts";
import { type Finding, quote } from "./finding.ts";

/**
 * Services whose labels for Traefik all stand on the container, where Traefik does not look on a Swarm. Where no other
 * service is routed either, nobody can reach the app.
 */
export function checkRoutingLabels(compose: Compose): Finding[] {
  const labels = compose.files.flatMap((file) =>
    entriesOf(file.doc.services).flatMap(([service, definition]) =>
      [["labels"], ["deploy", "labels"]].flatMap((holder) =>
        listOrMap(valueAt(definition, holder)).filter(({ key }) => key.startsWith("traefik.")).map((
          { key, at },
        ) => ({
          service,
          key,
          ofService: holder.length > 1,
          file: file.path,
          line: file.lineOf(["services", service, ...holder, at]),
        }))
      )
    )
  );
  const severity = labels.some(({ ofService }) => ofService) ? "warning" : "error";
  return [...Map.groupBy(labels, ({ service }) => service).values()].flatMap((own): Finding[] => {
    const [lost] = own;
    if (lost === undefined || own.some(({ ofService }) => ofService)) return [];
    return [{
      rule: "lint.routing-labels",
      severity,
      file: lost.file,
      line: lost.line,
      message: `The label ${quote(lost.key)} stands on the container, where Traefik does not look`,
      hint: "Move it below deploy.labels",
      subject: lost.service,
    }];
  });
}
