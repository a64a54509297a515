import { Gauge, Registry } from "prom-client";
import type { Clock } from "../../common/time.ts";
import type { Vitals } from "./vitals.ts";
import type { Store } from "../store/store.ts";

export interface MetricsDeps {
  vitals: Vitals;
  store: Store;
  clock: Clock;
}

/** What the bridge tells Prometheus. Everything is read when it is asked for, from what is stored. */
export function metricsOf({ vitals, store, clock }: MetricsDeps): Registry {
  const registry = new Registry();
  function gauge(name: string, help: string, read: () => number | null): void {
    new Gauge({
      name: `ccci_bridge_${name}`,
      help,
      registers: [registry],
      collect() {
        const value = read();
        if (value === null) this.reset();
        else this.set(value);
      },
    });
  }
  function counts(name: string, { help, label, read }: Counts): void {
    new Gauge({
      name: `ccci_bridge_${name}`,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset();
        for (const [key, count] of read()) this.set({ [label]: key }, count);
      },
    });
  }
  const age = (since: number | null) => since === null ? 0 : Math.max(0, (clock.now() - since) / 1000);

  gauge(
    "polled_timestamp_seconds",
    "When the forge was last read completely",
    () => vitals.polledAt === null ? 0 : vitals.polledAt / 1000,
  );
  gauge(
    "outbox_age_seconds",
    "Age of the oldest text the forge has not got",
    () => age(store.oldestUndelivered()),
  );
  gauge(
    "engine_up",
    "Whether the engine could be used at the last look",
    () => vitals.engineProblems.length === 0 ? 1 : 0,
  );
  gauge("maintenance", "Whether the maintenance switch is on", () => vitals.maintenance ? 1 : 0);
  gauge("enrolment_problems", "Enrolments that cannot be used", () => vitals.problems.length);
  gauge("resident_memory_bytes", "Memory of the process", () => Deno.memoryUsage().rss);
  counts("runs", { help: "Runs by state", label: "state", read: () => store.countRuns("state") });
  counts("runs_ended", { help: "Runs by outcome", label: "outcome", read: () => store.countRuns("outcome") });
  counts("commands", {
    help: "Commands by what became of them",
    label: "state",
    read: () => store.countCommands(),
  });
  return registry;
}

interface Counts {
  help: string;
  label: string;
  read(): [string, number][];
}
