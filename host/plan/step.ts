import type { HostError } from "../errors.ts";

/** What a step does, as data. Doing it twice does no harm: it may be done again after a program that was killed. */
export type Action =
  | { kind: "remove-bridge" }
  | { kind: "make-bridge"; subnet: string; gateway: string; publish: string | null }
  | { kind: "init-swarm"; address: string }
  | { kind: "make-proxy-network" }
  | { kind: "make-inside-certificate" }
  | { kind: "write-names"; text: string }
  | { kind: "log-in-to-registry"; registry: string; auth: string }
  | { kind: "let-git-in"; host: string; token: string }
  | { kind: "fetch-recipe"; recipe: string; version: string | null }
  | { kind: "new-app"; domain: string; recipe: string; version: string }
  | { kind: "write-settings"; domain: string; text: string }
  | { kind: "insert-secret"; domain: string; name: string; version: string; value: string }
  /** With a password by which the repository of backups has to open from then on. */
  | { kind: "deploy"; domain: string; version: string; newKey?: string }
  | { kind: "wait"; stack: string }
  | { kind: "write-route"; stack: string; file: string; text: string }
  | { kind: "remove-secret"; name: string }
  | { kind: "wait-for-drone" }
  | { kind: "set-repository"; repository: string; values: Record<string, unknown> };

export interface Step {
  action: Action;
  /** What it does and why, a sentence without secrets. */
  does: string;
}

/** What has to be done, in this order, and what stands in the way after that. */
export interface Plan {
  steps: Step[];
  /** Why the host is not as it should be even when all steps are done; for a person to put right, or for time. */
  blocked: HostError | null;
}

export const NOTHING: Plan = { steps: [], blocked: null };
