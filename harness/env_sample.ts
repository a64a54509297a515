import { CcciError } from "../common/errors.ts";

/** Parses `.env.sample` (docker env-file syntax; later lines may use earlier values; `# …` after a value is abra's). */
export function parseEnvSample(text: string): Record<string, string> {
  throw new CcciError("todo", text);
}

/** Reads the `export NAME=value` lines of `abra.sh`. The file is never executed. */
export function parseAbraShExports(text: string): Record<string, string> {
  throw new CcciError("todo", text);
}
