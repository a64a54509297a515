import app from "../kit/app.ts" with { type: "text" };
import call from "../kit/call.ts" with { type: "text" };
import http from "../kit/http.ts" with { type: "text" };
import logIn from "../kit/log_in.ts" with { type: "text" };
import mod from "../kit/mod.ts" with { type: "text" };
import page from "../kit/page.ts" with { type: "text" };
import steps from "../kit/steps.ts" with { type: "text" };
import tcp from "../kit/tcp.ts" with { type: "text" };
import test from "../kit/test.ts" with { type: "text" };

/**
 * The files that the kit consists of, by name. They import nothing except each other. Their texts are part of the
 * program: tests are run by a process of their own, which finds no file of a bundle's or a binary's.
 */
export const kitFiles: Readonly<Record<string, string>> = {
  "app.ts": app,
  "call.ts": call,
  "http.ts": http,
  "log_in.ts": logIn,
  "mod.ts": mod,
  "page.ts": page,
  "steps.ts": steps,
  "tcp.ts": tcp,
  "test.ts": test,
};

/** Names of what tests can import, types aside. */
export function kitNames(): string[] {
  return [...mod.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names = ""]) => names.match(/\w+/g) ?? []);
}
