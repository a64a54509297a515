import { relative, sep } from "node:path";
import { isForTests, isTest, type Room, roomOf, SHARED_ROOMS } from "./house_map.ts";
import { isAbsolute, namedFilesVisitor, pathNamed } from "./named_files.ts";

/** What the rule goes by. */
export interface House {
  /** Absolute path of the tree. */
  root: string;
  rooms: Room[];
  /** Names of the import map that mean files of the tree. */
  names: Map<string, string>;
}

const MAP = "the directory map in docs/architecture.md";

/** The lint plugin that holds every file to the room table. */
export function roomsPlugin(house: House): Deno.lint.Plugin {
  return {
    name: "rooms",
    rules: { imports: { create: (context) => importsRule(context, house) } },
  };
}

function importsRule(context: Deno.lint.RuleContext, house: House): Deno.lint.LintVisitor {
  const from = relative(house.root, context.filename).split(sep).join("/");
  const room = roomOf(from, house.rooms);
  if (room === undefined) {
    return {
      Program: (node) =>
        context.report({
          node,
          message: `Cannot tell which room "${from}" lies in`,
          hint: `Move it into a room of ${MAP}, or give its folder a row there`,
        }),
    };
  }
  if (isForTests(from)) return {};
  return namedFilesVisitor({
    computed: (node) =>
      context.report({
        node,
        message: "An import whose path is computed cannot be held to the directory map",
        hint: "Write the path as a string, one import() for each file",
      }),
    named({ node, specifier, by }) {
      if (isAbsolute(specifier)) {
        return context.report({
          node,
          message: `"${specifier}" names a file by its place on one machine`,
          hint: "Name a file of the tree by its path from the file that names it",
        });
      }
      const to = pathNamed(specifier, { from, names: house.names });
      if (to === undefined || by === "path" && startsProgram(to)) return;
      const refusal = refusalOf({ from, to, room }, house);
      if (refusal !== undefined) context.report({ node, ...refusal });
    },
  });
}

/** Whoever starts a program, or reads its data, has to say where it lies, and takes nothing of its code. */
function startsProgram(path: string): boolean {
  return !path.includes("/");
}

function refusalOf(
  { from, to, room }: { from: string; to: string; room: Room },
  { rooms }: House,
): { message: string; hint: string } | undefined {
  const other = roomOf(to, rooms);
  if (other === undefined) {
    return {
      message: `"${from}" names "${to}", which lies in no room`,
      hint: `Give its folder a row in ${MAP}, or move it`,
    };
  }
  if (isTest(to) || isForTests(to) && !other.name.endsWith("/testing")) {
    return {
      message: `"${from}" is no test and may not import the test "${to}"`,
      hint: "Move what both need into a file of its own",
    };
  }
  const allowed = [...room.mayImport, ...SHARED_ROOMS.includes(room.name) ? [] : SHARED_ROOMS];
  if (other === room || allowed.includes(other.name)) return undefined;
  return {
    message: `"${room.name}" may not import "${other.name}"`,
    hint:
      `By ${MAP} it may import ${
        allowed.join(", ") || "no other room"
      }. Move what is needed to a room that both may ` +
      `import, or hand it over as an argument; a new arrow needs a reason and an entry in the room's row`,
  };
}
