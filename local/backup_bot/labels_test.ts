import { deepEqual, equal, match } from "node:assert/strict";
import { readPlan, type Service } from "./labels.ts";

function service(
  name: string,
  { labels, volumes = [], stack = "note_ci" }: {
    labels: Record<string, string>;
    volumes?: string[];
    stack?: string;
  },
): Service {
  return {
    Spec: {
      Name: `${stack}_${name}`,
      Labels: { "com.docker.stack.namespace": stack, ...labels },
      TaskTemplate: { ContainerSpec: { Mounts: volumes.map((Source) => ({ Type: "volume", Source })) } },
    },
  };
}

Deno.test("switched on at one service, all volumes of the stack are saved, and of no other stack", () => {
  const { enabled, hooks, saved } = readPlan([
    service("app", { labels: { "backupbot.backup": "true" }, volumes: ["note_ci_data", "note_ci_db"] }),
    service("db", { labels: {}, volumes: ["note_ci_db"] }),
    service("app", {
      labels: { "backupbot.backup": "true", "backupbot.backup.pre-hook": "theirs" },
      volumes: ["other_data"],
      stack: "other",
    }),
  ], "note_ci");
  equal(enabled, true);
  deepEqual(hooks.backup.pre, []);
  deepEqual(saved, [{ volume: "note_ci_data", paths: null }, { volume: "note_ci_db", paths: null }]);
});

Deno.test("nothing is switched on by a label that says false, or by none", () => {
  equal(readPlan([service("app", { labels: { "backupbot.backup": "false" } })], "note_ci").enabled, false);
  equal(readPlan([service("app", { labels: {} })], "note_ci").enabled, false);
  equal(readPlan([], "note_ci").enabled, false);
});

Deno.test("a volume can be left out, or be saved in part", () => {
  const { saved } = readPlan([
    service("app", {
      labels: {
        "backupbot.backup": "true",
        "backupbot.backup.volumes.cache": "false",
        "backupbot.backup.volumes.db.path": "dump.sql, more/files",
      },
      volumes: ["note_ci_cache", "note_ci_db", "note_ci_data"],
    }),
  ], "note_ci");
  deepEqual(saved, [
    { volume: "note_ci_data", paths: null },
    { volume: "note_ci_db", paths: ["dump.sql", "more/files"] },
  ]);
});

Deno.test("hooks belong to the service that carries them", () => {
  const { hooks } = readPlan([
    service("app", { labels: { "backupbot.backup": "true", "backupbot.backup.post-hook": "true" } }),
    service("db", { labels: { "backupbot.backup.pre-hook": "dump", "backupbot.restore.post-hook": "load" } }),
  ], "note_ci");
  deepEqual(hooks, {
    backup: {
      pre: [{ service: "note_ci_db", command: "dump" }],
      post: [{ service: "note_ci_app", command: "true" }],
    },
    restore: { pre: [], post: [{ service: "note_ci_db", command: "load" }] },
  });
});

Deno.test("what cannot be had is warned about: old labels, unknown volumes, volumes of others", () => {
  const { warnings, saved } = readPlan([
    service("app", {
      labels: {
        "backupbot.backup": "true",
        "backupbot.backup.path": "/data",
        "backupbot.backup.volumes.nope": "false",
      },
      volumes: ["someone_elses"],
    }),
  ], "note_ci");
  equal(warnings.length, 3);
  match(warnings.join("\n"), /someone_elses.*left out/);
  match(warnings.join("\n"), /backupbot\.backup\.path is of backup-bot version 1/);
  match(warnings.join("\n"), /Can not find volume with the name nope/);
  deepEqual(saved, []);
});
