import type { Compose } from "../recipe/compose.ts";
import { type ComposePath, entriesOf, isRecord, listOrMap } from "../recipe/compose_values.ts";
import { type Finding, quote } from "./finding.ts";

interface Label {
  service: string;
  key: string;
  file: string;
  line: number;
  /** Under `deploy`, where the backup bot looks; else on the container. */
  ofService: boolean;
}

/** Only the first backup-bot read these; its successor passes over them in silence. */
const first = /^backupbot\.(backup\.(path|command)|restore(\.command)?)$/;
/** Only backup-bot-two reads these. */
const second = /^backupbot\.backup\.volumes\./;

/** Labels that tell the backup bot what to keep, in its first and in its present form. */
export function checkBackupLabels(compose: Compose): Finding[] {
  const labels = backupLabels(compose);
  const findings: Finding[] = [];
  const old = labels.find(({ key }) => first.test(key));
  const present = labels.find(({ key }) => second.test(key));
  if (old !== undefined) {
    findings.push({
      rule: "lint.backup-labels",
      severity: "warning",
      file: old.file,
      line: old.line,
      message: present === undefined
        ? `The label ${quote(old.key)} is from the first backup-bot, backup-bot-two does not know it`
        : `The label ${quote(old.key)} is from the first backup-bot, ${
          quote(present.key)
        } from backup-bot-two`,
      hint: "Write backupbot.backup.volumes.<volume>.path, relative to the volume, and hooks for the rest",
      subject: old.key,
    });
  }
  for (const [, own] of Map.groupBy(labels, ({ service }) => service)) {
    const [lost] = own;
    if (lost === undefined || own.some(({ ofService }) => ofService)) continue;
    findings.push({
      rule: "lint.backup-labels",
      severity: "warning",
      file: lost.file,
      line: lost.line,
      message: `The label ${quote(lost.key)} stands on the container, where backup-bot-two does not look`,
      hint: "Move it below deploy.labels",
      subject: lost.key,
    });
  }
  return findings;
}

function backupLabels(compose: Compose): Label[] {
  const labels: Label[] = [];
  for (const file of compose.files) {
    const collect = (
      holder: unknown,
      { service, path, ofService }: { service: string; path: ComposePath; ofService: boolean },
    ) => {
      for (const { key, at } of listOrMap(isRecord(holder) ? holder.labels : undefined)) {
        if (!key.startsWith("backupbot.")) continue;
        labels.push({ service, key, file: file.path, line: file.lineOf([...path, "labels", at]), ofService });
      }
    };
    for (const [service, definition] of entriesOf(file.doc.services)) {
      const path = ["services", service];
      collect(definition, { service, path, ofService: false });
      if (!isRecord(definition)) continue;
      collect(definition.deploy, { service, path: [...path, "deploy"], ofService: true });
    }
  }
  return labels;
}
