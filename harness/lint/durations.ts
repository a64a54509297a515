import type { Compose } from "../recipe/compose.ts";
import { type ComposePath, entriesOf, valueAt } from "../recipe/compose_values.ts";
import { type Finding, quote } from "./finding.ts";

const fields: readonly ComposePath[] = [
  ["stop_grace_period"],
  ...["interval", "timeout", "start_period", "start_interval"].map((key) => ["healthcheck", key]),
  ...["update_config", "rollback_config"].flatMap((section) =>
    ["delay", "monitor"].map((key) => ["deploy", section, key])
  ),
  ...["delay", "window"].map((key) => ["deploy", "restart_policy", key]),
];

/**
 * Durations that a variable shall fill in. Docker would do so before it looks at them, but abra validates compose
 * files as they are written: "Does not match format 'duration'", already at `app new`.
 */
export function checkDurations(compose: Compose): Finding[] {
  return compose.files.flatMap((file) =>
    entriesOf(file.raw.services).flatMap(([service, definition]) =>
      fields.flatMap((field): Finding[] => {
        const value = valueAt(definition, field);
        if (typeof value !== "string" || !value.replaceAll("$$", "").includes("$")) return [];
        return [{
          rule: "lint.duration",
          severity: "error",
          file: file.path,
          line: file.lineOf(["services", service, ...field]),
          message: `Service ${quote(service)} takes its ${field.join(".")} from ${quote(value)}`,
          hint: "abra reads durations before variables are filled in: write the duration itself",
          subject: service,
        }];
      })
    )
  );
}
