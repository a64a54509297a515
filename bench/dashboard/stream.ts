import { bridgeToken, rssMb, runnerToken, type Served } from "./servers.ts";

const recipe = "recipe-0";
const subject = { kind: "branch", name: "main", src: "recipe-maintainers/recipe-0" } as const;
const commit = "0".repeat(40);
const t = "2026-01-01T00:00:00.000Z";

/** Sends one long log, and looks whether time and memory grow with it. */
export async function ingest(
  dashboard: Served,
  options: { mb: number },
): Promise<{ linearity: number; mbPerSecond: number; rssGrowthMb: number }> {
  const run = "longlog-1";
  await begin(dashboard, run);
  const line = JSON.stringify({ t, type: "log", stage: "install", line: "x".repeat(180) });
  const perBatch = Math.ceil(1e6 / line.length);
  const body = `${line}\n`.repeat(perBatch);
  const half = Math.max(1, Math.floor(options.mb / 2));
  const times: number[] = [];
  const memory: number[] = [];
  for (let part = 0; part < 2; part++) {
    const began = performance.now();
    for (let at = 0; at < half; at++) {
      await send(dashboard, run, { offset: 1 + (part * half + at) * perBatch, body });
    }
    times.push((performance.now() - began) / 1000);
    memory.push(await rssMb(dashboard.pid));
  }
  const [first = NaN, second = NaN] = times;
  const [before = NaN, after = NaN] = memory;
  return {
    linearity: second / first,
    mbPerSecond: 2 * half / (first + second),
    rssGrowthMb: after - before,
  };
}

/** Lets many people watch one running log. @returns how many saw the last line, and when the last of them did */
export async function watch(
  dashboard: Served,
  options: { viewers: number },
): Promise<{ served: number; ms: number; rssMb: number }> {
  const run = "watched-1";
  await begin(dashboard, run);
  const gone = new AbortController();
  const open: Promise<boolean>[] = [];
  for (let at = 0; at < options.viewers; at++) {
    const answer = await fetch(`${dashboard.url}/runs/${run}/log`, { signal: gone.signal });
    open.push(sees(answer, "the last line"));
  }
  const lines = Array.from({ length: 100 }, (_, at) => ({
    t,
    type: "log",
    stage: "install",
    line: at === 99 ? "the last line" : `line ${at}`,
  }));
  const began = performance.now();
  await send(dashboard, run, { offset: 1, body: lines.map((line) => JSON.stringify(line)).join("\n") });
  const late = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 30_000);
    Promise.all(open).then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
  await late;
  const ms = performance.now() - began;
  const memory = await rssMb(dashboard.pid);
  const pending = Symbol();
  const states = await Promise.all(open.map((one) => Promise.race([one, Promise.resolve(pending)])));
  gone.abort();
  await Promise.all(open);
  return { served: states.filter((state) => state === true).length, ms, rssMb: memory };
}

async function sees(answer: Response, text: string): Promise<boolean> {
  if (answer.body === null) return false;
  let seen = "";
  try {
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      seen = (seen + chunk).slice(-100_000);
      if (seen.includes(text)) return true;
    }
  } catch {
    // The bench hung up.
  }
  return false;
}

async function begin(dashboard: Served, run: string): Promise<void> {
  await call(`${dashboard.url}/api/runs/${run}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${bridgeToken}` },
    body: JSON.stringify({ recipe, subject, commit, state: "running" }),
  });
  const body = JSON.stringify({ t, type: "run.started", run, recipe, subject, stages: ["install"] });
  await send(dashboard, run, { offset: 0, body });
}

async function send(dashboard: Served, run: string, sent: { offset: number; body: string }): Promise<void> {
  await call(`${dashboard.url}/api/runs/${run}/events?offset=${sent.offset}`, {
    method: "POST",
    headers: { authorization: `Bearer ${runnerToken}` },
    body: sent.body,
  });
}

async function call(url: string, init: RequestInit): Promise<void> {
  const answer = await fetch(url, init);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`);
}
