import { CcciError } from "../../common/errors.ts";
import type { Ingress } from "../../common/ingress.ts";
import type { Browser } from "../browser/browser.ts";
import type { App, ExecResult } from "../kit/app.ts";

/** A value that a set-up has handed on. */
export interface HandedValue {
  value: string;
  secret: boolean;
}

/** What an earlier run has left at a provider that stays up. */
export interface Orphan {
  /** Domains of the apps for which it was made. */
  neededBy: readonly string[];
  /** What was handed on for them, by name. */
  handed: Readonly<Record<string, HandedValue>>;
}

export interface BrokerOptions {
  /** What a test may know about the app under test. */
  app: App;
  /** Domains that `fetch` and pages may go to; the first is the app's. */
  domains: readonly string[];
  ingress: Ingress;
  /** Without one, a test that opens a page gets an error that says so. */
  browser?: Browser;
  /** Services of the run's own stack. */
  services: readonly string[];
  /** Runs argv in the service's running container. If it is missing, these tests may run no commands. */
  exec?: (
    service: string,
    argv: readonly string[],
    options: { stdin?: string; timeoutMs: number; signal?: AbortSignal },
  ) => Promise<ExecResult>;
  /**
   * Says where a port of the run's own app is to be reached, by the name of a service or a domain of `services` and
   * `domains`. If it is missing, no port can be reached.
   */
  locate?: (target: string, port: number) => Promise<{ host: string; port: number }>;
  /** Generated secrets by name; a test may ask for each of them. */
  secrets?: Readonly<Record<string, string>>;
  /** Values that a set-up has handed on, by name. */
  handed?: Readonly<Record<string, HandedValue>>;
  /** What earlier runs have left, if the app is a provider that stays up. */
  orphans?: readonly Orphan[];
  /** Takes a value that is handed on. If it is missing, nothing can be. */
  hand?: (name: string, value: HandedValue) => void;
  screenshotsDir: string;
  /** Put before each screenshot's file name, e.g. `upgrade-`. */
  screenshotPrefix?: string;
}

export interface Broker extends AsyncDisposable {
  readonly socketPath: string;
  /** Names of the files below `screenshotsDir` that tests made. */
  readonly screenshots: readonly string[];
}

/** A test made a call that it may not make, or made it wrongly. */
export class BrokerError extends CcciError {}
