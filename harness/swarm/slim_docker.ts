/**
 * Imported before dockerode: that loads, for connections over SSH and for BuildKit sessions, two large libraries that
 * a local socket never needs. They would cost the keeper and the worker 7 MB and a tenth of a second each.
 */
import nodeModule from "node:module";

const unused = /^(?:ssh2|@grpc\/(?:grpc-js|proto-loader))$/;
// Node's one point through which every `require` goes; Deno has it, the types do not.
const loader = nodeModule as unknown as { _load: (name: string, ...rest: unknown[]) => unknown };
const load = loader._load;
loader._load = function (this: unknown, name: string, ...rest: unknown[]) {
  return unused.test(name) ? {} : Reflect.apply(load, this, [name, ...rest]);
};
