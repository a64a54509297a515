import { CcciError } from "../../common/errors.ts";

/** The dashboard could not do what it was asked to do with its own data. */
export class DashboardError extends CcciError {}

/** A request that is refused, with the HTTP status and the fields its JSON answer carries in addition to `error`. */
export class Refusal extends CcciError {
  readonly status: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 503;
  readonly fields: Record<string, unknown>;

  constructor(
    status: Refusal["status"],
    message: string,
    options: { fields?: Record<string, unknown>; hint?: string; cause?: unknown } = {},
  ) {
    super(`http.${status}`, message, options);
    this.status = status;
    this.fields = options.fields ?? {};
  }
}
