import { loadApp } from "../app.ts";
import { docker, knowsDetach, servicesOf } from "../engine.ts";
import { confirm, Fatal, say } from "../output.ts";

/** `abra app undeploy DOMAIN`: services, networks and configs go; volumes and secrets stay. Returns at once. */
export async function appUndeploy(domain: string, options: { ask: boolean }): Promise<void> {
  const app = loadApp(domain);
  if ((await servicesOf(app.stack)).length === 0) throw new Fatal(`${domain} is not deployed?`);
  await confirm("proceed with undeploy?", options);
  const detach = await knowsDetach() ? ["--detach=true"] : [];
  const result = await docker(["stack", "rm", ...detach, app.stack]);
  if (!result.success) throw new Fatal(result.stderr.trim());
  say("INFO", `undeployed ${domain}`);
}
