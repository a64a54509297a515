import { join } from "node:path";
import { bridgeConfig } from "./bridge/service/config.ts";
import { run } from "./bridge/service/loops.ts";
import { partsOf } from "./bridge/service/parts.ts";
import { withheldFrom } from "./bridge/service/permissions.ts";
import { checkReport, look, refuseWrong } from "./bridge/service/start.ts";
import { holdState } from "./bridge/service/state_folder.ts";
import { Store } from "./bridge/store/store.ts";
import { CcciError, describeError, UsageError } from "./common/errors.ts";
import { setUpLogging } from "./common/log.ts";
import { write, writeError } from "./common/output.ts";
import { tlsOf } from "./common/tls.ts";

const usage = `Usage: bridge [--check]

Sees commands on pull requests, starts runs and reports them. Settings are CCCI_* variables.
--check looks whether it could do so, and says what to put right.
Exit codes: 2 wrong usage or settings, 1 anything else, after which another start may go well.
While there is a file "maintenance" in CCCI_STATE nothing new is started; people are told its first line.
`;

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const [option, ...more] = args;
  if (more.length > 0 || ![undefined, "--check", "--help", "-h"].includes(option)) {
    throw new UsageError(`Unknown arguments "${args.join(" ")}"`, { hint: usage });
  }
  if (option === "--help" || option === "-h") {
    write(usage);
    return 0;
  }
  const config = bridgeConfig();
  await setUpLogging(config.LOG_LEVEL);
  const withheld = await withheldFrom(config);
  if (option === "--check") {
    const findings = withheld.length > 0 ? withheld : await look(config, await partsOf(config));
    const { text, code } = checkReport(findings);
    write(text);
    return code;
  }
  if (withheld.length > 0) throw new UsageError(withheld.map(({ text }) => text).join("\n"));
  const parts = await partsOf(config);
  using _held = await holdState(config.STATE);
  using store = new Store(join(config.STATE, "bridge.db"));
  refuseWrong(await look(config, parts));
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => stop.abort());
  await run({ ...parts, store }, {
    listen: config.LISTEN,
    tls: tlsOf(config),
    pollMs: config.POLL_S * 1000,
    webhookSecret: config.WEBHOOK_SECRET ?? null,
    signal: stop.signal,
  });
  return 0;
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  const hint = error instanceof CcciError && error.hint !== undefined ? `\n${error.hint}` : "";
  writeError(`cc-ci bridge: ${describeError(error)}${hint}\n`);
  if (!(error instanceof CcciError)) throw error;
  Deno.exit(error.code === "usage" ? 2 : 1);
}
