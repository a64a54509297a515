import { posix } from "node:path";

/** Rooms that every other room may import without saying so in its row. */
export const SHARED_ROOMS = ["common", "protocol"];

/** Folders of the programs; none of them imports another's. */
export const PROGRAMS = ["bridge", "harness", "dashboard"];

/** Rooms that test and measure; no other may be allowed a folder called `testing/`. */
const TESTING_ROOMS = ["e2e", "bench"];

/** A folder, or an entry file, that the directory map has a row for. */
export interface Room {
  /** Path from the root of the tree without a slash at its end, e.g. `harness/lint` or `bridge.ts`. */
  name: string;
  holds: string;
  /** Where to begin a change, as written in the row. */
  start: string;
  /** Names of the rooms that its row lets it import, apart from the shared ones. */
  mayImport: string[];
}

const HEADER = "| room | holds | to change … start at … | may import |";

/**
 * Reads the directory map, the first table of `docs/architecture.md`.
 * A name in the last column means the room of that name in the same program, otherwise the one at the root; with a slash
 * before it always the one at the root.
 * @throws Error when the table is missing or a row has not four cells
 */
export function readHouseMap(markdown: string): Room[] {
  const lines = markdown.split("\n");
  const header = lines.indexOf(HEADER);
  if (header === -1) throw new Error(`Cannot find the directory map, a table that begins with "${HEADER}"`);
  const rows: string[] = [];
  for (const line of lines.slice(header + 2)) {
    if (!line.startsWith("|")) break;
    rows.push(line);
  }
  const rooms = rows.map(readRow);
  const names = new Set(rooms.map(({ name }) => name));
  return rooms.map((room) => ({
    ...room,
    mayImport: room.mayImport.map((written) => fullName(written, { of: room, names })),
  }));
}

function readRow(line: string): Room {
  const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
  const [name, holds, start, mayImport] = cells;
  if (name === undefined || holds === undefined || start === undefined || mayImport === undefined) {
    throw new Error(
      `Cannot read the row "${line}" of the directory map: it has ${cells.length} cells, not 4`,
    );
  }
  return {
    name: name.replaceAll("`", "").replace(/\/$/, ""),
    holds,
    start,
    mayImport: mayImport === "-" ? [] : mayImport.split(",").map((written) => written.trim()),
  };
}

function fullName(written: string, { of, names }: { of: Room; names: Set<string> }): string {
  if (written.startsWith("/")) return written.slice(1);
  const below = posix.join(of.name.replace(/\.ts$/, ""), written);
  const beside = posix.join(posix.dirname(of.name), written);
  return [below, beside].find((name) => names.has(name)) ?? written;
}

/**
 * The room a file lies in, at whatever depth. A room with rooms below it, as `local/`, holds only the files that lie
 * in it directly: a new folder there needs a row of its own.
 */
export function roomOf(file: string, rooms: Room[]): Room | undefined {
  const room = rooms
    .filter(({ name }) => file === name || file.startsWith(`${name}/`))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
  if (room === undefined || file === room.name || posix.dirname(file) === room.name) return room;
  return rooms.some(({ name }) => name.startsWith(`${room.name}/`)) ? undefined : room;
}

/** Whether a file holds tests. */
export function isTest(file: string): boolean {
  return /_test\.tsx?$/.test(file);
}

/** Tests, and what only tests use, may import from anywhere. */
export function isForTests(file: string): boolean {
  return isTest(file) || file.split("/").slice(0, -1).includes("testing");
}

/** What is wrong with the map by itself, each fault as a sentence. */
export function faultsOfMap(rooms: Room[]): string[] {
  const names = new Set(rooms.map(({ name }) => name));
  const faults: string[] = [];
  for (const [at, room] of rooms.entries()) {
    if (rooms.findIndex(({ name }) => name === room.name) !== at) {
      faults.push(`"${room.name}" has two rows`);
    }
    for (const other of room.mayImport) {
      if (!names.has(other)) faults.push(`"${room.name}" may import "${other}", which has no row`);
      if (SHARED_ROOMS.includes(other)) {
        faults.push(`"${room.name}" lists "${other}", which everybody may import`);
      }
      if (other.endsWith("/testing") && !TESTING_ROOMS.includes(room.name)) {
        faults.push(`"${room.name}" may import "${other}", which is for tests`);
      }
      if (areTwoPrograms(room.name, other)) {
        faults.push(`"${room.name}" may import "${other}": no program imports another's folder`);
      }
    }
  }
  const circle = findCircle(
    new Map(rooms.map(({ name, mayImport }) => [name, SHARED_ROOMS.includes(name) ? [] : mayImport])),
  );
  if (circle !== undefined) faults.push(`Rooms may import each other in a circle: ${circle.join(" → ")}`);
  return faults;
}

function areTwoPrograms(one: string, other: string): boolean {
  const [first, second] = [one, other].map((name) => name.split("/")[0]?.replace(/\.tsx?$/, "") ?? "");
  return first !== second && PROGRAMS.includes(first ?? "") && PROGRAMS.includes(second ?? "");
}

/** A circle among arrows, with its first member again at its end; undefined where there is none. */
export function findCircle(arrows: ReadonlyMap<string, Iterable<string>>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  function visit(node: string): string[] | undefined {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return undefined;
    path.push(node);
    for (const next of arrows.get(node) ?? []) {
      const circle = visit(next);
      if (circle !== undefined) return circle;
    }
    path.pop();
    done.add(node);
    return undefined;
  }
  for (const node of arrows.keys()) {
    const circle = visit(node);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
