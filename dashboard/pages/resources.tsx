import { formatBytes } from "../../common/bytes.ts";
import { formatSeconds } from "../../common/time.ts";
import { imageBytes, type ServicePeak, servicePeaks } from "../../wording/findings.ts";
import type { ResourceUse, RunResult, StageReport } from "../../protocol/result.ts";
import { count } from "../views/words.ts";
import { Meter } from "./parts.tsx";

/** What a run's services used: at most, then stage by stage, and the size of their images. */
export function Resources({ result }: { result: RunResult }) {
  const measured = result.stages.filter((stage) => stage.resources.length > 0);
  if (measured.length + result.images.length === 0) return null;
  return (
    <section>
      <h2>Resources</h2>
      {measured.length > 0 && <Peaks peaks={servicePeaks(measured)} />}
      {measured.length > 0 && (
        <details class="more-of">
          <summary>Stage by stage</summary>
          <ByStage stages={measured} />
        </details>
      )}
      {result.images.length > 0 && (
        <details class="more-of">
          <summary>
            {count(new Set(result.images.map(({ image }) => image)).size, "image")}{" "}
            <span class="muted">{formatBytes(imageBytes(result))}</span>
          </summary>
          <ul class="files">
            {result.images.map(({ service, image, bytes }) => (
              <li>
                {service} <code class="break">{image}</code> <span class="muted">{formatBytes(bytes)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

/** The most each service used, the largest memory first. */
export function Peaks({ peaks }: { peaks: readonly ServicePeak[] }) {
  const most = Math.max(1, ...peaks.map((peak) => peak.memoryBytes));
  return (
    <table class="numbers">
      <thead>
        <tr>
          <th scope="col">Service</th>
          <th scope="col" colspan={2}>Memory at peak</th>
          <th scope="col" class="number">CPU</th>
          <th scope="col" class="number">Disk</th>
        </tr>
      </thead>
      <tbody>
        {peaks.map((peak) => (
          <tr>
            <th scope="row">{peak.service}</th>
            <Used memory={peak.memoryBytes} most={most} cpu={peak.cpuSeconds} disk={peak.diskBytes} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function ByStage({ stages }: { stages: readonly StageReport[] }) {
  const all = stages.flatMap((stage) => stage.resources);
  const most = Math.max(1, ...all.map((use) => use.peakMemoryBytes));
  return (
    <table class="numbers">
      <thead>
        <tr>
          <th scope="col">Stage</th>
          <th scope="col">Service</th>
          <th scope="col" colspan={2}>Memory</th>
          <th scope="col" class="number">CPU</th>
          <th scope="col" class="number">Disk</th>
        </tr>
      </thead>
      <tbody>
        {stages.flatMap((stage) =>
          stage.resources.map((use: ResourceUse, at) => (
            <tr>
              <th scope="row">
                {at === 0 ? stage.name : <span class="unseen">{stage.name}</span>}
              </th>
              <td>{use.service}</td>
              <Used memory={use.peakMemoryBytes} most={most} cpu={use.cpuSeconds} disk={use.diskBytes} />
            </tr>
          ))
        )}
      </tbody>
    </table>
  );
}

function Used(used: { memory: number; most: number; cpu: number; disk: number | null }) {
  return (
    <>
      <td class="meter">
        <Meter share={used.memory / used.most} />
      </td>
      <td class="number">{formatBytes(used.memory)}</td>
      <td class="number">{formatSeconds(used.cpu * 1000)}</td>
      <td class="number">{used.disk === null ? "–" : formatBytes(used.disk)}</td>
    </>
  );
}
