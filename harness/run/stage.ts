import { type Clock, formatSeconds } from "../../common/time.ts";
import { CcciError } from "../../common/errors.ts";
import { type ResourceUse, type StageName, type StageReport, stageReport } from "../../protocol/result.ts";

/** What a stage gets to report with while it works. Everything it says passes the redactor. */
export interface StageContext {
  readonly stage: StageName;
  /** Writes to the stage's log, one line for each line of the text. */
  log(line: string): void;
  /** Reports something that was proved, in a few words. */
  proof(text: string): void;
  /** Reports something worth knowing that is nobody's fault. */
  note(text: string): void;
  /** Reports something that lint found, with its place. */
  finding(finding: StageReport["findings"][number]): void;
  /** Reports something that keeps the run from being called clean and fails nothing. */
  blemish(text: string): void;
  /** Reports what services used while the stage ran. The stage has ended before that is known. */
  resources(used: Promise<readonly ResourceUse[]>): void;
  /** Says that a file below `screenshots/` belongs to this stage. */
  screenshot(name: string): void;
  /** Aborts when the stage's time is over. */
  readonly signal: AbortSignal;
  /** The clock by which the stage measures and waits. */
  readonly clock: Clock;
  /** Milliseconds until the stage's time is over. */
  remaining(): number;
  /** Says that something else ends the stage: from now on its time does not, however long that end takes. */
  decided(): void;
}

/** The recipe is at fault, unless another is named. The stage fails with this message as its cause. */
export class StageFailure extends CcciError {
  /** More about the cause, several lines at most. */
  readonly detail: string | undefined;
  /** Last log lines of the service that caused it. */
  readonly tail: readonly string[];
  /** Whose mistake it is, where it is not the recipe's. */
  readonly fault: StageReport["fault"];

  constructor(
    message: string,
    options: {
      detail?: string;
      tail?: readonly string[];
      cause?: unknown;
      code?: string;
      fault?: StageReport["fault"];
    } = {},
  ) {
    super(
      options.code ?? "stage.failed",
      message,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.detail = options.detail;
    this.tail = options.tail ?? [];
    this.fault = options.fault;
  }
}

/**
 * The surroundings are at fault (Docker, forge, disk, this suite, or the enrolment, where that is named), so nobody may
 * blame the recipe. The stage ends `infra`.
 */
export class InfraFailure extends CcciError {
  readonly detail: string | undefined;
  /** Whose mistake it is, where it is not the host's. */
  readonly fault: StageReport["fault"];

  constructor(
    message: string,
    options: { detail?: string; cause?: unknown; fault?: StageReport["fault"] } = {},
  ) {
    super("stage.infra", message, options.cause === undefined ? {} : { cause: options.cause });
    this.detail = options.detail;
    this.fault = options.fault;
  }
}

/** The stage does not apply to this recipe. It ends `skipped`, with this reason. */
export class StageSkipped extends CcciError {
  constructor(reason: string) {
    super("stage.skipped", reason);
  }
}

/** Something that the stage needs is not there. It ends `blocked`, with the name of what is missing. */
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

/** A report that holds nothing except name and result. */
export function emptyReport(name: StageName, result: StageReport["result"]): StageReport {
  return stageReport.parse({ name, result, seconds: 0 });
}
