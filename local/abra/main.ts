/** The command line of the stand-in: which commands there are, and how a failure is told. */
import { Command, CommanderError } from "commander";
import { Fatal, print, say } from "./output.ts";
import { describeError } from "../../common/errors.ts";

/** Speaks abra 0.13's commands; the name tells everyone who asks that it is not abra. */
const VERSION = "abra version 0.13.0-beta-stand-in";

/** Each command loads what it needs and no more: the start is most of what a call costs. */
const load = {
  backup: () => import("./commands/app_backup.ts"),
  check: () => import("./commands/app_check.ts"),
  deploy: () => import("./commands/app_deploy.ts"),
  lint: () => import("./commands/recipe_lint.ts"),
  new: () => import("./commands/app_new.ts"),
  recipe: () => import("./commands/recipe.ts"),
  rest: () => import("./commands/app_rest.ts"),
  run: () => import("./commands/app_run.ts"),
  secret: () => import("./commands/app_secret.ts"),
  undeploy: () => import("./commands/app_undeploy.ts"),
  server: () => import("./commands/server_add.ts"),
};

const program = new Command("abra")
  .description("Stand-in for Co-op Cloud's abra over docker stack deploy")
  .version(VERSION, "-v, --version")
  .option("-n, --no-input", "never prompt")
  .option("-o, --offline", "no network")
  .option("-d, --debug", "show more")
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })
  .configureOutput({ writeErr: () => {}, writeOut: (text) => print(text.trimEnd()) });

/** What `-n` and `-o` say, wherever on the line they stood. */
function general(): { ask: boolean; offline: boolean } {
  const { input, offline } = program.opts();
  return { ask: input !== false, offline: offline === true };
}

const app = program.command("app");
app.command("new").argument("<recipe>").argument("[version]")
  .option("-s, --server <server>").option("-D, --domain <domain>")
  .option("-S, --secrets").option("-p, --pass").option("-C, --chaos")
  .action(async (recipe, version, options) =>
    (await load.new()).appNew(recipe, version, { ...options, ...general() })
  );
app.command("deploy").argument("<domain>").argument("[version]")
  .option("-C, --chaos").option("-f, --force").option("-i, --ignore-env-version")
  .option("-D, --no-domain-checks").option("-c, --no-converge-checks")
  .action(async (domain, version, options) =>
    (await load.deploy()).appDeploy(domain, version, { ...options, ...general() })
  );
app.command("undeploy").argument("<domain>").action(async (domain) =>
  (await load.undeploy()).appUndeploy(domain, general())
);
app.command("remove").argument("<domain>").option("-f, --force")
  .action(async (domain, options) => (await load.rest()).appRemove(domain, { ...options, ...general() }));
app.command("ps").argument("<domain>").option("-m, --machine").action(async (domain, options) =>
  (await load.rest()).appPs(domain, options)
);
app.command("ls").option("-s, --server <server>").option("-r, --recipe <recipe>")
  .option("-S, --status").option("-m, --machine").action(async (options) =>
    (await load.rest()).appLs(options)
  );
app.command("check").argument("<domain>").option("-C, --chaos")
  .action(async (domain, options) => (await load.check()).appCheck(domain, { ...options, ...general() }));
app.command("run").argument("<domain>").argument("<service>").argument("[command...]")
  .option("-t, --no-tty").option("-u, --user <user>")
  .action(async (domain, service, command, options) =>
    (await load.run()).appRun([domain, service, ...command], options)
  );
app.command("cmd").argument("<domain>").argument("[words...]")
  .option("-l, --local").option("-C, --chaos").option("-T, --no-tty").option("-u, --user <user>")
  .action(async (domain, words, options) =>
    (await load.run()).appCmd([domain, ...words], { ...options, ...general() })
  );
app.command("restore").argument("<domain>").option("-C, --chaos").option("-s, --snapshot <id>")
  .action(async (domain, options) => (await load.backup()).appRestore(domain, { ...options, ...general() }));

const backup = app.command("backup");
backup.command("create").argument("<domain>").option("-C, --chaos")
  .action(async (domain, options) =>
    (await load.backup()).backupCreate(domain, { ...options, ...general() })
  );
backup.command("snapshots").argument("<domain>").option("-C, --chaos")
  .action(async (domain, options) =>
    (await load.backup()).backupSnapshots(domain, { ...options, ...general() })
  );

const secret = app.command("secret");
secret.command("generate").argument("<domain>").argument("[secret]").argument("[version]")
  .option("-a, --all").option("-m, --machine").option("-p, --pass").option("-C, --chaos")
  .action(async (domain, name, version, options) =>
    (await load.secret()).secretGenerate([domain, name, version], { ...options, ...general() })
  );
secret.command("insert").argument("<domain>").argument("<secret>").argument("<version>").argument("<data>")
  .option("-f, --file").option("-t, --trim").option("-p, --pass").option("-C, --chaos")
  .action(async (domain, name, version, data, options) =>
    (await load.secret()).secretInsert([domain, name, version, data], options)
  );
secret.command("rm").argument("<domain>").argument("[secret]").option("-a, --all").option("-p, --pass")
  .action(async (domain, name, options) =>
    (await load.secret()).secretRemove([domain, name], { ...options, ...general() })
  );
secret.command("ls").argument("<domain>").option("-m, --machine")
  .action(async (domain, options) => (await load.secret()).secretList(domain, options));

const volume = app.command("volume");
volume.command("ls").argument("<domain>").action(async (domain) => (await load.rest()).volumeList(domain));
volume.command("rm").argument("<domain>").option("-f, --force")
  .action(async (domain, options) => (await load.rest()).volumeRemove(domain, { ...options, ...general() }));

const recipe = program.command("recipe");
recipe.command("fetch").argument("<recipe>").action(async (name) =>
  (await load.recipe()).recipeFetch(name, general())
);
recipe.command("versions").argument("<recipe>").option("-m, --machine")
  .action(async (name, options) => (await load.recipe()).recipeVersions(name, { ...options, ...general() }));
recipe.command("lint").argument("<recipe>").option("-C, --chaos")
  .action(async (name, options) => (await load.lint()).recipeLint(name, { ...options, ...general() }));

program.command("server").command("add").argument("[domain]").option("-l, --local")
  .action(async (_domain, options) => {
    if (!options.local) throw new Fatal("the stand-in knows the local server only: abra server add --local");
    (await load.server()).serverAddLocal();
  });

try {
  await program.parseAsync(Deno.args, { from: "user" });
} catch (error) {
  if (error instanceof CommanderError) {
    if (error.exitCode !== 0) {
      say(
        "FATA",
        error.message.replace(/^error: unknown option '([^']*)'.*/s, "unknown flag: $1").replace(
          /^error: /,
          "",
        ),
      );
      Deno.exit(1);
    }
  } else {
    say("FATA", error instanceof Fatal ? error.message : describeError(error));
    Deno.exit(1);
  }
}
