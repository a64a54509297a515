import { UsageError } from "../../common/errors.ts";
import { runParams } from "../../protocol/params.ts";
import type { RunRequest } from "../run/request.ts";

/** The five parameters of an engine. @throws {UsageError} naming each that is wrong */
export function ciRequest(env: (name: string) => string | undefined = Deno.env.get): RunRequest {
  const names = Object.keys(runParams.shape);
  const parsed = runParams.safeParse(Object.fromEntries(names.map((name) => [name, env(name) ?? ""])));
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new UsageError(`Wrong parameters: ${wrong.join("; ")}`);
  }
  const { RECIPE: recipe, REF: commit, PR: pr, SRC: src, RUN: run } = parsed.data;
  return {
    mode: "ci",
    run,
    recipe,
    source: { kind: "forge", src, pr: pr === "" ? null : Number(pr), commit, revision: null },
    base: null,
    only: null,
    keep: false,
  };
}
