import { waitFor } from "../../common/time.ts";
import { DroneLab } from "../../e2e/drone_lab.ts";

const warmRuns = 20;
/** A runner polls for 30 s and then sleeps for 10: these pauses end early, in the middle and late in that sleep. */
const idleSeconds = [31, 35, 39];

/** Seconds from the call that creates a build until its first command runs. */
export async function startTimes(): Promise<{ warmP95: number; idleMax: number }> {
  await using lab = await DroneLab.open();
  const engine = lab.engine();
  async function once(): Promise<number> {
    const params = lab.params("exit-0");
    const started = performance.now();
    const answer = await engine.start(params);
    if (!answer.ok) throw new Error(answer.message);
    await waitFor(() => lab.began(params.RUN), { what: "the build to begin", timeoutMs: 30_000, everyMs: 5 });
    const seconds = (performance.now() - started) / 1000;
    await waitFor(async () => (await engine.state(params.RUN)).kind === "ended", {
      what: "the build to end",
      timeoutMs: 30_000,
      everyMs: 20,
    });
    return seconds;
  }
  const warm: number[] = [];
  for (let run = 0; run < warmRuns; run++) warm.push(await once());
  const idle: number[] = [];
  for (const seconds of idleSeconds) {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    idle.push(await once());
  }
  warm.sort((a, b) => a - b);
  const hundredths = (value: number) => Math.round(value * 100) / 100;
  return {
    warmP95: hundredths(warm[Math.ceil(warmRuns * 0.95) - 1] ?? 0),
    idleMax: hundredths(Math.max(...idle)),
  };
}
