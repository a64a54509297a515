import { CcciError } from "../../common/errors.ts";

/** Something the bridge itself cannot go on with. */
export class BridgeError extends CcciError {}
