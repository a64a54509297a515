import * as z from "zod";
import * as api from "../../protocol/dashboard_api.ts";
import { runEvent } from "../../protocol/events.ts";
import { recipeName, runName } from "../../protocol/params.ts";

/** Query of `GET /api/runs`. */
export const runsQuery = z.object({
  recipe: recipeName.optional(),
  /** A run's name; those announced before it are meant. */
  before: runName.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/** Bodies of calls. Whoever sends one may leave out what has a default, and may add what only a later version knows. */
const bodies = {
  Announcement: api.announcement,
  RunEvent: runEvent,
  HostReport: api.hostReport,
  BridgeReport: api.bridgeReport,
};

/** Bodies of answers, which are always complete. */
const answers = {
  RunUrl: api.runUrl,
  EventOffset: api.eventOffset,
  HeartbeatAnswer: api.heartbeatAnswer,
  Artefact: z.object({ url: z.url(), bytes: z.number().int() }),
  Run: api.runView,
  RunList: api.runList,
  Recipe: api.recipeView,
  RecipeList: api.recipeList,
  Queue: api.queueView,
  Status: api.statusView,
  Error: api.apiError,
  OffsetError: z.object({ error: z.string(), offset: z.number().int().nonnegative() }),
};
type BodyName = keyof typeof bodies;
type AnswerName = keyof typeof answers;

/** The description; of its parts the program itself reads the paths alone. */
export interface OpenApi extends Record<string, unknown> {
  paths: Record<string, Record<string, unknown>>;
}

/** What the API is, as OpenAPI 3.1; made from the schemas that check what comes in. */
export function openApi(baseUrl: string): OpenApi {
  return {
    openapi: "3.1.0",
    info: {
      title: "cc-ci dashboard",
      version: "1",
      description: "Runs of Co-op Cloud recipes. Reading needs nothing; writing is for bridge and harness.",
    },
    servers: [{ url: baseUrl }],
    paths: {
      "/api/runs": {
        get: {
          operationId: "listRuns",
          summary: "Runs, newest first",
          parameters: queryParameters(runsQuery),
          responses: { 200: answer("A page of runs", "RunList"), 400: refused("The query is not valid") },
        },
      },
      "/api/runs/{run}": {
        parameters: [pathParameter("run", runName)],
        get: {
          operationId: "getRun",
          summary: "One run with its stages, result and artefacts",
          responses: { 200: answer("The run", "Run"), 404: refused("Unknown, or not public") },
        },
        put: {
          operationId: "announceRun",
          summary: "Said by the bridge whenever something about a run changes",
          security: [{ bridge: [] }],
          requestBody: json("Announcement"),
          responses: {
            200: answer("Known already", "RunUrl"),
            201: answer("New", "RunUrl"),
            ...sending,
            409: refused("The name belongs to another recipe or commit"),
          },
        },
      },
      "/api/bridge": {
        put: {
          operationId: "reportBridge",
          summary: "Said by the bridge every minute, and whenever it has another trouble",
          security: [{ bridge: [] }],
          requestBody: json("BridgeReport"),
          responses: { 200: answer("Noted; where it is shown", "RunUrl"), ...sending },
        },
      },
      "/api/runs/{run}/events": {
        parameters: [pathParameter("run", runName)],
        post: {
          operationId: "appendEvents",
          summary: "Adds events, one JSON text a line; those the dashboard has already are skipped",
          security: [{ runner: [] }],
          parameters: [{
            name: "offset",
            in: "query",
            required: true,
            description: "Number of events already sent",
            schema: { type: "integer", minimum: 0 },
          }],
          // Nothing at all is a batch too: it asks for the offset.
          requestBody: {
            required: false,
            content: {
              "application/x-ndjson": { schema: { type: "string", contentSchema: ref("RunEvent") } },
            },
          },
          responses: {
            200: answer("Events stored so far", "EventOffset"),
            ...sending,
            404: refused("Never announced"),
            413: refused("Too large, or the run's log would become so"),
            409: answer("Earlier events are missing; `offset` says from where on", "OffsetError"),
          },
        },
      },
      "/api/runs/{run}/heartbeat": {
        parameters: [pathParameter("run", runName)],
        post: {
          operationId: "heartbeat",
          summary: "The harness is alive; it may say how its host is",
          security: [{ runner: [] }],
          requestBody: { ...json("HostReport"), required: false },
          responses: {
            200: answer("Whether the run is to stop", "HeartbeatAnswer"),
            ...sending,
            404: refused("Never announced"),
          },
        },
      },
      "/api/runs/{run}/artefacts/{name}": {
        parameters: [pathParameter("run", runName), pathParameter("name", api.artefactName)],
        put: {
          operationId: "putArtefact",
          summary: "Stores a file of the run",
          security: [{ runner: [] }],
          requestBody: {
            required: true,
            content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
          },
          responses: {
            201: answer("Stored", "Artefact"),
            ...sending,
            404: refused("Never announced"),
            413: refused("Too large, or the run has all the artefacts it may have"),
          },
        },
      },
      "/api/recipes": {
        get: {
          operationId: "listRecipes",
          summary: "How every recipe stands",
          responses: { 200: answer("All recipes", "RecipeList") },
        },
      },
      "/api/recipes/{recipe}": {
        parameters: [pathParameter("recipe", recipeName)],
        get: {
          operationId: "getRecipe",
          summary: "How one recipe stands",
          responses: { 200: answer("The recipe", "Recipe"), 404: refused("Unknown, or not public") },
        },
      },
      "/api/queue": {
        get: {
          operationId: "getQueue",
          summary: "What runs, and what waits for its turn",
          responses: { 200: answer("The queue", "Queue") },
        },
      },
      "/api/status": {
        get: {
          operationId: "getStatus",
          summary: "Whether the CI itself is well",
          responses: { 200: answer("Its status", "Status") },
        },
      },
    },
    components: {
      securitySchemes: {
        bridge: { type: "http", scheme: "bearer", description: "Token of the bridge" },
        runner: { type: "http", scheme: "bearer", description: "Token of a harness" },
      },
      schemas: { ...jsonSchemas(bodies, "input"), ...jsonSchemas(answers, "output") },
    },
  };
}

/** What every call that writes may answer when it is refused. */
const writing = {
  401: refused("No valid token"),
  403: refused("The token of the other program, or of a host that does not run this"),
};

/** What calls with a body may answer in addition. */
const sending = {
  ...writing,
  400: refused("Not valid"),
  408: refused("The body came too slowly"),
  413: refused("Too large"),
};

function jsonSchemas(named: Record<string, z.ZodType>, io: "input" | "output") {
  return Object.fromEntries(
    Object.entries(named).map(([name, schema]) => [name, jsonSchema(schema, io)]),
  );
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

function ref(name: BodyName | AnswerName) {
  return { $ref: `#/components/schemas/${name}` };
}

function json(name: BodyName) {
  return { required: true, content: { "application/json": { schema: ref(name) } } };
}

function answer(description: string, name: AnswerName) {
  return { description, content: { "application/json": { schema: ref(name) } } };
}

function refused(description: string) {
  return answer(description, "Error");
}

function pathParameter(name: string, schema: z.ZodType) {
  return { name, in: "path", required: true, schema: jsonSchema(schema, "input") };
}

function queryParameters(schema: z.ZodObject) {
  return Object.entries(schema.shape).map(([name, field]) => {
    // A query is text; a number in it is what the text says.
    const { default: usual, ...rest } = z.toJSONSchema(field as z.ZodType, { io: "output" });
    const { $schema: _, ...own } = rest;
    return {
      name,
      in: "query",
      required: false,
      schema: usual === undefined ? own : { ...own, default: usual },
    };
  });
}
