import { CcciError, describeError } from "../../common/errors.ts";
import { statusOf } from "../../harness/swarm/swarm.ts";
import { HostError } from "../errors.ts";

/** What Docker refuses until a person has put something right, by its own words, and what that is. */
const REFUSALS: [says: RegExp, hint: string][] = [
  [/cannot assign requested address/, 'Set "swarm.advertise" to an IPv4 address that "ip address" shows.'],
  [
    /address already in use/,
    'End what listens there ("ss -ltnp sport = :2377" names what has the port of Swarm), then start again.',
  ],
  [/live-restore/, 'Take "live-restore" out of /etc/docker/daemon.json and restart Docker.'],
];
const LOOK = 'Look at what Docker says: "journalctl -u docker".';

/**
 * Has Docker do something.
 * @param action what, as a verb with its object
 * @throws {HostError} not yet, when Docker does not answer or fails in a way that may pass; wrong, when it refuses
 */
export async function haveDocker<T>(action: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof CcciError) throw cause;
    const status = statusOf(cause);
    const message = `Could not ${action}: ${describeError(cause)}`;
    if (status === null) {
      const hint = 'Docker does not answer: look at "systemctl status docker". Start again once it does.';
      throw new HostError("not yet", message, { hint, cause });
    }
    const known = REFUSALS.find(([says]) => says.test(message));
    if (known !== undefined) throw new HostError("wrong", message, { hint: known[1], cause });
    throw new HostError(status >= 500 ? "not yet" : "wrong", message, { hint: LOOK, cause });
  }
}
