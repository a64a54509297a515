import { type App, domainsOn, loadApp, readApp, servers } from "../app.ts";
import { containersOf, engine, secretIds, servicesOf, volumesOf } from "../engine.ts";
import { confirm, Fatal, print, say, table } from "../output.ts";
import { secretsOf } from "../secrets.ts";
import { removeAll } from "./app_secret.ts";

/** `abra app remove DOMAIN`: secrets, volumes and the `.env` of an app that is no longer deployed. */
export async function appRemove(domain: string, options: { force?: boolean; ask: boolean }): Promise<void> {
  const app = loadApp(domain);
  await ensureUndeployed(app);
  await confirm(`remove all data and configuration of ${domain}?`, { ask: options.ask && !options.force });
  await removeAll(secretsOf(app), await secretIds());
  await removeVolumes(app);
  Deno.removeSync(app.envFile);
  say("INFO", `${app.envFile} removed`);
}

/** `abra app volume ls DOMAIN`. */
export async function volumeList(domain: string): Promise<void> {
  const volumes = await volumesOf(loadApp(domain).stack);
  if (volumes.length === 0) return say("WARN", `no volumes created for ${domain}`);
  print(table(["NAME", "ON SERVER"], volumes.map((name) => [name, "true"])));
}

/** `abra app volume rm DOMAIN`: all volumes of an app that is no longer deployed. */
export async function volumeRemove(
  domain: string,
  options: { force?: boolean; ask: boolean },
): Promise<void> {
  const app = loadApp(domain);
  await ensureUndeployed(app);
  await confirm(`remove the volumes of ${domain}?`, { ask: options.ask && !options.force });
  const removed = await removeVolumes(app);
  say("INFO", removed === 0 ? "no volumes removed" : `${removed} volume(s) removed successfully`);
}

async function ensureUndeployed(app: App): Promise<void> {
  if ((await servicesOf(app.stack)).length === 0) return;
  throw new Fatal(`${app.domain} is still deployed. Run "abra app undeploy ${app.domain}"`);
}

const TRIES = 5;

/** A volume stays in use until its container is gone, so each is tried a few times, a second apart. */
async function removeVolumes(app: App): Promise<number> {
  const volumes = await volumesOf(app.stack);
  for (const name of volumes) {
    for (let attempt = 1;; attempt++) {
      try {
        await engine(`/volumes/${encodeURIComponent(name)}`, { method: "DELETE" });
        break;
      } catch (cause) {
        if (attempt === TRIES) {
          throw new Fatal(`removing volumes failed: ${cause instanceof Error ? cause.message : cause}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }
  return volumes.length;
}

/** `abra app ps DOMAIN [-m]`: the running containers; as JSON an object keyed by service. */
export async function appPs(domain: string, options: { machine?: boolean }): Promise<void> {
  const app = loadApp(domain);
  const labels = await appLabels(app);
  if (labels === undefined) throw new Fatal(`${domain} is not deployed?`);
  const rows = (await containersOf(app.stack)).map((container) => ({
    service: (container.Labels["com.docker.swarm.service.name"] ?? "").slice(app.stack.length + 1),
    image: container.Image.replace(/@sha256:.*$/, ""),
    created: ago(container.Created),
    status: container.Status,
    state: container.State,
    ports: (container.Ports ?? []).map(({ PublicPort, PrivatePort, Type }) =>
      `${PublicPort === undefined ? "" : `${PublicPort}->`}${PrivatePort}/${Type}`
    ).join(", "),
    version: labels.version ?? "unknown",
    chaos: labels.chaos ?? "false",
  }));
  if (options.machine) {
    return print(JSON.stringify(Object.fromEntries(rows.map((row) => [row.service, row]))));
  }
  const header = ["service", "image", "created", "status", "state", "ports", "version", "chaos"] as const;
  print(table(header.map((key) => key.toUpperCase()), rows.map((row) => header.map((key) => row[key]))));
}

/** `abra app ls [-s SERVER] [-r RECIPE] [-S] [-m]`; as JSON keyed by server. */
export async function appLs(
  options: { server?: string; recipe?: string; status?: boolean; machine?: boolean },
): Promise<void> {
  const result: Record<string, unknown> = {};
  for (const server of servers().filter((name) => options.server === undefined || name === options.server)) {
    const apps = [];
    for (const domain of domainsOn(server)) {
      const app = readApp(domain, server);
      if (options.recipe !== undefined && app.recipe.name !== options.recipe) continue;
      const labels = options.status ? await appLabels(app) : undefined;
      apps.push({
        server,
        recipe: app.recipe.name,
        appName: domain,
        domain,
        status: labels === undefined ? "unknown" : "deployed",
        chaos: labels?.chaos ?? "unknown",
        chaosVersion: labels?.["chaos-version"] ?? "unknown",
        version: labels?.version ?? app.version ?? "unknown",
        upgrade: "unknown",
      });
    }
    const versioned = apps.filter(({ version }) => version !== "unknown").length;
    result[server] = {
      apps,
      appCount: apps.length,
      versionCount: versioned,
      unversionedCount: apps.length - versioned,
      latestCount: 0,
      upgradeCount: 0,
    };
    if (!options.machine) {
      const header = ["server", "recipe", "domain", "status", "version"] as const;
      print(table(header.map((key) => key.toUpperCase()), apps.map((app) => header.map((key) => app[key]))));
    }
  }
  if (options.machine) print(JSON.stringify(result));
}

/** abra's labels on the `app` service by their last part, or undefined if nothing is deployed. */
async function appLabels(app: App): Promise<Record<string, string> | undefined> {
  const services = await servicesOf(app.stack);
  if (services.length === 0) return undefined;
  const labels = services.find(({ Spec }) => Spec.Name === `${app.stack}_app`)?.Spec.Labels ?? {};
  const prefix = `coop-cloud.${app.stack}.`;
  return Object.fromEntries(
    Object.entries(labels).filter(([key]) => key.startsWith(prefix)).map((
      [key, value],
    ) => [key.slice(prefix.length), value]),
  );
}

function ago(epochSeconds: number): string {
  const seconds = Math.max(0, Math.round(Date.now() / 1000 - epochSeconds));
  if (seconds < 120) return `${seconds} seconds ago`;
  return seconds < 7200
    ? `${Math.round(seconds / 60)} minutes ago`
    : `${Math.round(seconds / 3600)} hours ago`;
}
