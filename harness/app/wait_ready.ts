import type { ReadyCondition } from "../../enrolment/ready_schema.ts";
import { extraDomain } from "../run/names.ts";
import { serviceNames } from "../swarm/service_names.ts";
import { waitAnswer } from "./wait_answer.ts";
import { type PortOptions, waitPort } from "./wait_port.ts";
import type { Settings } from "../run/settings.ts";

/** Milliseconds between two of the times in a row that a condition has to come true. */
const APART_MS = 1_000;

/** An app whose own health has come, and which version of it runs. */
export interface ReadyApp
  extends Pick<PortOptions, "swarm" | "stack" | "since" | "log" | "signal" | "clock"> {
  domain: string;
  settings: Settings;
  at: "head" | "base";
  /** Milliseconds that a wait which begins now may take. */
  timeoutMs: () => number;
}

/**
 * Waits for what `ready` of `recipe.yml` asks for, one condition after the other.
 * @throws {StageFailure} for the first that does not come true
 */
export async function waitReady(conditions: readonly ReadyCondition[], app: ReadyApp): Promise<void> {
  for (const { path, domain, status = [200], service, tcp, stable: times = 1, only } of conditions) {
    if (only !== undefined && only !== app.at) continue;
    if (
      only === "base" && service !== undefined &&
      !(await serviceNames(app.swarm, app.stack)).includes(service)
    ) {
      // Lint calls it stale where no published version has the service.
      app.log(`Not waited for service "${service}": this published version has none of that name`);
      continue;
    }
    const wait = { ...app, times, apartMs: APART_MS, timeoutMs: app.timeoutMs() };
    if (path !== undefined) {
      await waitAnswer({
        ...wait,
        domain: domain === undefined ? app.domain : extraDomain(app.domain, domain),
        health: { path, status },
        key: "ready",
      });
    } else if (service !== undefined && tcp !== undefined) {
      await waitPort({ ...wait, service, port: tcp });
    }
  }
}
