/**
 * Has to be imported before dockerode. dockerode loads two large libraries, for connections over SSH and for BuildKit
 * sessions, which a local socket never needs. They would cost the keeper and the worker 7 MB and a tenth of a second
 * each, so this module gives dockerode empty objects in their place.
 */
import nodeModule from "node:module";

const unused = /^(?:ssh2|@grpc\/(?:grpc-js|proto-loader))$/;
// Every `require` goes through this function of Node's. Deno has it too, but the types do not name it.
const loader = nodeModule as unknown as { _load: (name: string, ...rest: unknown[]) => unknown };
const load = loader._load;
loader._load = function (this: unknown, name: string, ...rest: unknown[]) {
  return unused.test(name) ? {} : Reflect.apply(load, this, [name, ...rest]);
};
