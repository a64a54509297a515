import { type Compose, type ComposeFile, type ComposeVolume, volumesOf } from "../recipe/compose.ts";
import { asMap, composeServices } from "../recipe/compose_services.ts";
import type { Loss } from "./data.ts";

/** Says why data went missing in an upgrade, as far as the compose files of the two versions show it. */
export function explainLoss(
  losses: readonly Loss[],
  upgrade: { base: Compose; head: Compose; stack: string; from: string; to: string },
): string {
  const lines: string[] = [];
  for (const loss of losses) {
    lines.push(`Wrote ${loss.what} at ${upgrade.from}, upgraded to ${upgrade.to}, read back: ${loss.said}`);
    if (loss.volume === null) lines.push(...changedMounts(upgrade));
    else lines.push(movedVolume(loss.volume, { ...upgrade, now: loss.now }));
  }
  return [...new Set(lines)].join("\n");
}

function movedVolume(
  volume: ComposeVolume,
  upgrade: { base: Compose; head: Compose; stack: string; now: readonly string[] },
): string {
  const place = `\`${volume.target}\` of service ${volume.service}`;
  if (upgrade.now.includes(volume.target)) {
    return `The volume \`${volume.key}\` is still mounted at ${place}, but the file in it is gone`;
  }
  const instead = volumesOf(upgrade.head, upgrade.stack)
    .find((one) => one.service === volume.service && one.target === volume.target);
  const where = serviceLine(upgrade.head, {
    service: volume.service,
    lost: volume,
    ...(instead === undefined ? {} : { instead }),
  });
  const moved = upgrade.now.length > 0
    ? `; it is now at ${upgrade.now.map((path) => `\`${path}\``).join(", ")}`
    : "";
  const other = instead === undefined ? "" : `; volume \`${instead.key}\` is there instead`;
  return `The volume \`${volume.key}\` is no longer mounted at ${place}${where}${moved}${other}`;
}

/**
 * Lists volumes that services mounted before and do not mount any more. They are the likely reason for a lost record.
 */
function changedMounts(upgrade: { base: Compose; head: Compose; stack: string }): string[] {
  const after = volumesOf(upgrade.head, upgrade.stack);
  return volumesOf(upgrade.base, upgrade.stack)
    .filter((was) =>
      !after.some((is) => is.name === was.name && is.target === was.target && is.service === was.service)
    )
    .map((was) => {
      const now = after.filter((is) => is.name === was.name && is.service === was.service).map((is) =>
        is.target
      );
      return movedVolume(was, { ...upgrade, now });
    });
}

/** ` (compose.yml, line 41)`: the place nearest to where the head says what the service mounts. */
function serviceLine(
  compose: Compose,
  mount: { service: string; lost: ComposeVolume; instead?: ComposeVolume },
): string {
  const { service, lost, instead } = mount;
  if (composeServices(compose)[service] === undefined) return ` (the head has no service ${service})`;
  const definition = (file: ComposeFile) => asMap(asMap(file.doc.services)[service]);
  const file = compose.files.findLast((one) => "volumes" in definition(one)) ??
    compose.files.findLast((one) => "image" in definition(one));
  if (file === undefined) return "";
  const mounts = definition(file).volumes;
  const at = Array.isArray(mounts)
    ? mounts.findIndex((mount) => [instead?.key, lost.key].includes(sourceOf(mount)))
    : -1;
  const path = ["services", service, "volumes", ...(at >= 0 ? [at] : [])];
  return ` (${file.path}, line ${file.lineOf(path)})`;
}

/** The volume's key in `key:/path` or `{source: key}`. */
function sourceOf(mount: unknown): string {
  return typeof mount === "string" ? mount.split(":")[0] ?? "" : String(asMap(mount).source ?? "");
}
