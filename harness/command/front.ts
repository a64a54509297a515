import { join } from "node:path";
import { describeError } from "../../common/errors.ts";
import { write } from "../../common/output.ts";
import { exitCodes, type RunResult } from "../../protocol/result.ts";
import {
  type FrontMessage,
  type KeeperMessage,
  keeperMessage,
  linesOf,
  parseMessage,
  toldToStop,
} from "../run/messages.ts";
import { providersOf } from "../../enrolment/needs.ts";
import type { TerminalReport } from "../report/terminal.ts";
import { type RunRequest, targetOf } from "../run/request.ts";
import { RunFolder } from "../run/folder.ts";
import { PROGRAM, typedCommand } from "../run/own_command.ts";
import type { Settings } from "../run/settings.ts";
import { type KeeperProcess, startKeeper } from "../keeper/start.ts";
import { describeKept } from "./kept_app.ts";

export interface FrontOptions {
  settings: Settings;
  /** A keeper that was started already. @default one is started */
  keeper?: KeeperProcess;
  /** One JSON object as the last line of standard output. */
  json: boolean;
}

/**
 * Has a keeper carry out a run and shows what it says. This process is the one a terminal or an engine may kill: the
 * keeper sees its pipe end and cleans up. An engine whose runner may die starts it as `setpriv --pdeathsig TERM …`.
 * @returns exit code of the program
 */
export async function runFront(request: RunRequest, options: FrontOptions): Promise<number> {
  const { settings, json } = options;
  const folder = new RunFolder(join(settings.RUNS, request.run));
  const keeper = options.keeper ?? startKeeper(folder.path);
  const toKeeper = keeper.stdin.getWriter();
  const tell = async (message: FrontMessage) => {
    await toKeeper.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`)).catch(() => {});
  };
  await tell({
    type: "request",
    request,
    settings,
    providers: await providersOf(settings.RECIPES, request.recipe),
  });

  const { openTerminal } = await import("../report/terminal.ts"); // while the keeper starts
  using terminal = openTerminal();
  using _signals = cancelOnSignals(terminal, {
    cancel: (why) => tell({ type: "cancel", why }),
    report: folder.report,
  });
  let last: Extract<KeeperMessage, { type: "done" | "refused" }> | null = null;
  for await (const line of linesOf(keeper.stdout)) {
    const message = parseMessage(keeperMessage, line);
    if (message === null) continue;
    if (message.type === "event") terminal.event(message.event);
    else if (message.type === "note") terminal.note(message.text);
    else last = message;
  }
  await toKeeper.close().catch(() => {});
  await keeper.status;

  if (last?.type === "done") {
    await summarize(terminal, { result: last.result, folder });
    const { run } = request;
    const target = targetOf(request);
    const { stages } = last.result;
    for (const { lane, ...app } of last.kept) {
      const base = (await folder.kept(lane))?.base ?? null;
      const made = describeKept({ lane, base, stages });
      tellHowToLook(terminal, { ...app, made, settings, folder, run, target });
    }
    if (json) printJson({ ...last.result, report: folder.report, folder: folder.path });
    return exitCodes[last.result.result];
  }
  const message = last?.message ?? await cleanUpAfterKeeper(terminal, settings);
  terminal.note([message, last?.hint].filter(Boolean).join(". "));
  if (json) printJson({ result: null, error: message });
  return last?.usage === true && request.mode === "local" ? 2 : exitCodes.infra;
}

/**
 * Cleans up in place of the keeper, which died before it could. What cannot be removed now, the next run removes when
 * it starts.
 * @returns what happened, in a sentence
 */
async function cleanUpAfterKeeper(terminal: TerminalReport, settings: Settings): Promise<string> {
  try {
    const [{ tidy }, { Swarm }] = await Promise.all([
      import("../cleanup/janitor.ts"),
      import("../swarm/swarm.ts"),
    ]);
    const announce = (text: string) => terminal.note(text);
    const { stuck } = await tidy({ swarm: new Swarm(settings.DOCKER_SOCKET), settings, announce });
    if (Object.keys(stuck).length === 0) return "The run's keeper died; what it left was removed";
  } catch (error) {
    terminal.note(`Could not clean up: ${describeError(error)}`);
  }
  return "The run's keeper died; what it left is removed when the next run starts";
}

async function summarize(
  terminal: TerminalReport,
  ended: { result: RunResult; folder: RunFolder },
): Promise<void> {
  const { result, folder } = ended;
  const report = await Deno.stat(folder.report).then(() => folder.report, () => undefined);
  const screenshots = result.stages.flatMap((stage) => stage.screenshots).map((name) =>
    join(folder.screenshots, name)
  );
  terminal.summary(result, { ...(report === undefined ? {} : { report }), screenshots });
}

/** Says where an app that `--keep` left up can be looked at and tested again, and how to remove it. */
function tellHowToLook(
  terminal: TerminalReport,
  app: {
    domain: string;
    stack: string;
    /** What the run has made of it. */
    made: string;
    settings: Settings;
    folder: RunFolder;
    run: string;
    /** What was asked to be tested. */
    target: string;
  },
): void {
  const { INGRESS: ingress, CA_FILE: ca } = app.settings;
  const [host = "", port = ""] = ingress.split(":");
  const certificate = ca === undefined ? "" : ` --cacert ${ca}`;
  const inBrowser = browserHint(app.domain, { host, port, ca });
  terminal.note(`The app is still up (${app.made}): https://${app.domain}/ (stack ${app.stack})`);
  terminal.command(`  look:   curl${certificate} --resolve ${app.domain}:443:${host} https://${app.domain}/`);
  terminal.command(`  browse: ${inBrowser}`);
  terminal.command(
    `  test:   ${typedCommand("run-recipe", app.target, "--tests-only", "--app", app.domain)}`,
  );
  terminal.command(`  remove: ${typedCommand("remove", Deno.env.has(PROGRAM) ? app.run : app.folder.path)}`);
}

/** How a person's browser gets to an app, whose name no DNS knows. */
export function browserHint(
  domain: string,
  proxy: { host: string; port: string; ca: string | undefined },
): string {
  const { host, port, ca } = proxy;
  const authority = ca === undefined ? "" : `, whose certificate the authority in ${ca} vouches for`;
  const loopback = /^127\.|^localhost$/.test(host);
  const away = loopback ? ` (from another machine after: ssh -L 443:${host}:${port} ${Deno.hostname()})` : "";
  // Browsers take every name below "localhost" for their own machine.
  const name = domain.endsWith(".localhost") ? "" : ` after "${host} ${domain}" in /etc/hosts`;
  return `https://${domain}/${name}${away}${authority}`;
}

/**
 * At the first signal the keeper is asked to end the run and is waited for; at the second this process ends at once, and
 * says that the keeper goes on.
 * @param run.report where the run's report will lie
 */
function cancelOnSignals(
  terminal: TerminalReport,
  { cancel, report }: { cancel: (why: string) => Promise<void>; report: string },
): Disposable {
  let asked = false;
  const listeners = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) => {
    const listener = () => {
      if (asked) {
        terminal[Symbol.dispose](); // the list of stages is not drawn below the last word
        terminal.command(
          `What was deployed is still being removed, which goes on without this command; then the report is ${report}`,
        );
        Deno.exit(exitCodes.cancelled);
      }
      asked = true;
      terminal.note("Stopping; what was deployed is being removed");
      void cancel(signal === "SIGINT" ? "Stopped at the keyboard" : toldToStop(signal));
    };
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  return {
    [Symbol.dispose]() {
      for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}

function printJson(value: unknown): void {
  write(`${JSON.stringify(value)}\n`);
}
