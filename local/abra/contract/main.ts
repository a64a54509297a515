/**
 * `./cc-ci abra-contract`: what the harness relies on in abra, checked against whichever abra there is. The
 * specification is in the `spec_*.ts` files beside this one.
 */
import { write } from "../../../common/output.ts";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { describeError, UsageError } from "../../../common/errors.ts";
import { resolvePath } from "../../../common/files.ts";
import { runCommand } from "../../../common/command.ts";
import { formatSeconds } from "../../../common/time.ts";
import { strangeVersion } from "../../../harness/abra/version.ts";
import { type Expectation, unverified, verifiedBy } from "./expectation.ts";
import { IMAGE } from "./fixture.ts";
import { Lab, type LabOptions } from "./lab.ts";
import { backupSpec } from "./spec_backup.ts";
import { deploySpec } from "./spec_deploy.ts";
import { filesSpec } from "./spec_files.ts";
import { insideSpec } from "./spec_inside.ts";
import { teardownSpec } from "./spec_teardown.ts";
import { emptyFolder } from "./transcripts.ts";

const HELP = `Usage: ./cc-ci abra-contract [--abra PATH] [--transcripts FOLDER]

Checks what the harness relies on in abra: the one at PATH, else CCCI_ABRA, else the one on PATH, else the stand-in.
The parts that deploy need a Swarm and the image ${IMAGE}, backups a backup bot (./cc-ci up brings them).

--transcripts FOLDER  also writes each call to a file of this empty folder, with its exit code and all that abra
                      printed, secrets masked. docs/operating.md says how to hand such a folder back.`;

const specification: Expectation[] = [
  ...filesSpec,
  ...deploySpec,
  ...insideSpec,
  ...backupSpec,
  ...teardownSpec,
];

export interface ContractCall {
  /** The abra to ask. Without it the one in use. */
  abra?: string;
  /** Folder for transcripts of all calls. Without it none are written. */
  transcripts?: string;
}

/**
 * What the command line asks for. Null: it asked for help, which it got.
 * @throws {UsageError} for arguments that there are not
 */
export function readContractCall(argv: string[]): ContractCall | null {
  const { help, abra, transcripts } = parseOptions(argv).values;
  if (help) {
    print(HELP);
    return null;
  }
  return {
    ...(abra === undefined ? {} : { abra: abra.includes("/") ? resolvePath(abra) : abra }),
    ...(transcripts === undefined ? {} : { transcripts: resolvePath(transcripts) }),
  };
}

/** @returns 0 if every expectation that could be checked holds, 1 if not */
export async function abraContract(call: ContractCall): Promise<number> {
  if (call.transcripts !== undefined) await emptyFolder(call.transcripts);
  const path = call.abra ?? Deno.env.get("CCCI_ABRA") ?? findOnPath() ?? STAND_IN;
  const version = await versionOf(path);
  const missing = await whatIsMissing();
  print(`${version.text} (${path})`);
  print(strangeVersion(version.text) ?? "");
  const started = performance.now();
  const bot = missing === undefined && await hasBot();
  await using lab = await Lab.open(path, { has: { swarm: missing === undefined, bot }, version });
  const counts = await checkSpecification(lab, print);
  print("");
  if (counts.skipped > 0) {
    print(
      missing === undefined
        ? `${counts.skipped} expectations about backups were not checked: no backup bot is deployed here`
        : `${counts.skipped} expectations about deploys were not checked: ${missing}`,
    );
  }
  if (version.standIn) {
    print(`${counts.unverified} of these are unverified: the stand-in proves nothing about abra`);
  }
  if (call.transcripts !== undefined) {
    print(`Wrote ${await lab.transcripts.write(call.transcripts)} transcripts to ${call.transcripts}`);
  }
  print(`Checked in ${formatSeconds(performance.now() - started)}`);
  print(`${counts.passed} passed, ${counts.failed} failed`);
  return counts.failed === 0 ? 0 : 1;
}

/** What an abra says of itself. */
async function versionOf(path: string): Promise<LabOptions["version"]> {
  const { stdout } = await runCommand([path, "--version"]);
  return { text: stdout.trim().replace(/^abra version\s+/, ""), standIn: stdout.includes("stand-in") };
}

/** Checks the whole specification, or the part without deploys where the lab has no Swarm. */
export async function checkSpecification(lab: Lab, print: (line: string) => void): Promise<Counts> {
  const counts = { passed: 0, failed: 0, skipped: 0, unverified: 0 };
  for (const expectation of specification) {
    lab.transcripts.about = expectation.says;
    if ((expectation.swarm && !lab.has.swarm) || (expectation.bot && !lab.has.bot)) counts.skipped++;
    else await checkOne(expectation, { lab, counts, print });
  }
  return counts;
}

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** Among those checked: facts that only a run with a real abra could confirm. */
  unverified: number;
}

async function checkOne(
  expectation: Expectation,
  { lab, counts, print }: { lab: Lab; counts: Counts; print: (line: string) => void },
): Promise<void> {
  const { sure, command, says } = expectation;
  if (unverified(sure)) counts.unverified++;
  const line = (mark: string, tried: string | null) =>
    `${mark} ${command}\n      [${verifiedBy(sure, tried)}] ${says}`;
  try {
    await expectation.check(lab);
    counts.passed++;
    print(line("✓", lab.realVersion));
  } catch (error) {
    counts.failed++;
    print(`${line("✗", null)}\n      ${describeError(error).replaceAll("\n", "\n      ")}`);
  }
}

/** Why deploys cannot be checked here, if they cannot. */
async function whatIsMissing(): Promise<string | undefined> {
  const manager = await runCommand(["docker", "info", "--format", "{{.Swarm.ControlAvailable}}"]).catch(() =>
    undefined
  );
  if (manager === undefined) return "there is no docker on PATH";
  if (!manager.success) return "no Docker Engine answers";
  if (manager.stdout.trim() !== "true") return "the Docker Engine is no Swarm manager";
  const image = await runCommand(["docker", "image", "inspect", IMAGE]);
  return image.success ? undefined : `the engine has no image ${IMAGE}`;
}

async function hasBot(): Promise<boolean> {
  const filter = "label=coop-cloud.backupbot.enabled=true";
  return (await runCommand(["docker", "service", "ls", "-q", "--filter", filter])).stdout.trim() !== "";
}

const STAND_IN = join(import.meta.dirname ?? ".", "..", "abra");

function findOnPath(): string | undefined {
  for (const folder of (Deno.env.get("PATH") ?? "").split(delimiter)) {
    try {
      if (Deno.statSync(join(folder, "abra")).isFile) return join(folder, "abra");
    } catch { /* not in this folder */ }
  }
  return undefined;
}

function parseOptions(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      options: {
        abra: { type: "string" },
        transcripts: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { hint: HELP });
  }
}

function print(line: string): void {
  write(`${line}\n`);
}
