import { type Clock, formatSeconds } from "../../common/time.ts";
import { CcciError } from "../../common/errors.ts";
import { type ResourceUse, type StageName, type StageReport, stageReport } from "../../protocol/result.ts";

/** What a stage hands out while it works. Everything passes the redactor on its way. */
export interface StageContext {
  readonly stage: StageName;
  /** One line for the stage's log. */
  log(line: string): void;
  /** Something that was proved, in a few words. */
  proof(text: string): void;
  /** Something worth knowing that is nobody's fault. */
  note(text: string): void;
  /** Something that lint found, shown with its place. */
  finding(finding: StageReport["findings"][number]): void;
  /** What keeps the run from being called clean without failing it. */
  blemish(text: string): void;
  /** What services used while the stage ran. */
  resources(used: readonly ResourceUse[]): void;
  /** A file below `screenshots/` that belongs to this stage. */
  screenshot(name: string): void;
  /** Aborts when the stage's time is over. */
  readonly signal: AbortSignal;
  /** By which the stage measures and waits. */
  readonly clock: Clock;
  /** Milliseconds left until then. */
  remaining(): number;
}

/** The recipe is at fault: the stage fails with this message as its cause. */
export class StageFailure extends CcciError {
  /** More about the cause, several lines at most. */
  readonly detail: string | undefined;
  /** Last log lines of the service that caused it. */
  readonly tail: readonly string[];

  constructor(
    message: string,
    options: { detail?: string; tail?: readonly string[]; cause?: unknown; code?: string } = {},
  ) {
    super(
      options.code ?? "stage.failed",
      message,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.detail = options.detail;
    this.tail = options.tail ?? [];
  }
}

/** The surroundings are at fault (Docker, forge, disk, this suite): nobody may blame the recipe. */
export class InfraFailure extends CcciError {
  readonly detail: string | undefined;

  constructor(message: string, options: { detail?: string; cause?: unknown } = {}) {
    super("stage.infra", message, options.cause === undefined ? {} : { cause: options.cause });
    this.detail = options.detail;
  }
}

/** The stage does not apply: `skipped` with this reason. */
export class StageSkipped extends CcciError {
  constructor(reason: string) {
    super("stage.skipped", reason);
  }
}

/** Something that had to be there first is not: `blocked` by it. */
export class StageBlocked extends CcciError {
  constructor(by: string) {
    super("stage.blocked", by);
  }
}

/** The stage's time is over. */
export class StageTimeout extends CcciError {
  readonly ms: number;

  constructor(ms: number) {
    super("stage.timeout", `Ran longer than ${formatSeconds(ms)}`);
    this.ms = ms;
  }
}

/** A report without findings, as a base for those that have some. */
export function emptyReport(name: StageName, result: StageReport["result"]): StageReport {
  return stageReport.parse({ name, result, seconds: 0 });
}
