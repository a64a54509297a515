import { equal } from "node:assert/strict";
import type { Expectation } from "./expectation.ts";

/**
 * Commands inside a running app, on a real Swarm. The specification of deploys, which comes before, leaves the app
 * unhealthy.
 */
export const insideSpec = ([
  {
    command: "abra app deploy DOMAIN -C -f -n -o -D (after a deploy that failed)",
    says: "can be repeated when the reason is gone",
    sure: "T",
    async check(lab) {
      await lab.setEnv("TIMEOUT", "60");
      await lab.setEnv("HEALTH_EXIT", "0");
      await lab.succeeds("app", "deploy", lab.domain, "-C", "-f", "-n", "-o", "-D");
    },
  },
  {
    command: "abra app run DOMAIN SERVICE -- CMD…",
    says: "wants a terminal; with one it runs the command in the service's container",
    sure: "R",
    async check(lab) {
      await lab.refuses(/TTY|ioctl/, "app", "run", lab.domain, "app", "--", "echo", "hello");
      const { code, lines } = await lab.terminal("app", "run", lab.domain, "app", "--", "echo", "a  b");
      equal(code, 0, lines.join("\n"));
      // The end of the input may be echoed before it.
      equal(lines.some((line) => line.endsWith("a  b")), true, lines.join("\n"));
    },
  },
  {
    command: "abra app run DOMAIN SERVICE -t -- CMD…",
    says: "needs no terminal then; a command that fails makes it fail",
    sure: "?",
    async check(lab) {
      const { stdout } = await lab.succeeds(
        "app",
        "run",
        "-t",
        lab.domain,
        "app",
        "--",
        "echo",
        "-n",
        "hello",
      );
      equal(stdout, "hello");
      await lab.refuses(/./, "app", "run", "-t", lab.domain, "app", "--", "false");
    },
  },
  {
    command: "abra app cmd DOMAIN SERVICE FUNCTION -n -o -C -- ARG",
    says: "runs a function of `abra.sh` in the container, which need not have the file",
    sure: "R",
    async check(lab) {
      const { code, lines } = await lab.terminal(
        "app",
        "cmd",
        lab.domain,
        "app",
        "greet",
        "-n",
        "-o",
        "-C",
        "--",
        "hello",
      );
      equal(code, 0, lines.join("\n"));
      const said = `hello from ${lab.domain} on app`;
      equal(lines.some((line) => line.endsWith(said)), true, lines.join("\n"));
    },
  },
  {
    command: "abra app cmd DOMAIN SERVICE FUNCTION -n -o -C (fails)",
    says: "ends with 1 when the function does not end with 0",
    sure: "?",
    async check(lab) {
      const { code, lines } = await lab.terminal("app", "cmd", lab.domain, "app", "fail", "-n", "-o", "-C");
      equal(code, 1, lines.join("\n"));
    },
  },
  {
    command: "abra app cmd DOMAIN SERVICE FUNCTION -C (unknown)",
    says: "refuses a function that `abra.sh` does not have",
    sure: "R",
    check: (lab) => lab.refuses(/function/, "app", "cmd", lab.domain, "app", "no_such", "-C", "-T"),
  },
] satisfies Expectation[]).map((expectation) => ({ ...expectation, swarm: true }));
