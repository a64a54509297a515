import { writeError } from "./output.ts";
import { configure, getJsonLinesFormatter, getLogger, type Logger, type LogRecord } from "@logtape/logtape";

/** Writes the log to stderr, one JSON object per line: time, level, logger, message and the properties given. */
export async function setUpLogging(level: "debug" | "info" | "warning" | "error" = "info"): Promise<void> {
  const format = getJsonLinesFormatter({ properties: "flatten" });
  await configure({
    reset: true,
    sinks: {
      stderr(record: LogRecord) {
        writeError(format(record));
      },
    },
    loggers: [
      { category: "ccci", lowestLevel: level, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stderr"] },
    ],
  });
}

/** The logger of one part of a program, e.g. `logger("bridge", "poller")`. Silent until logging is set up. */
export function logger(...category: string[]): Logger {
  return getLogger(["ccci", ...category]);
}
