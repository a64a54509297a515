/** The command line of the stand-in: which commands there are, and how a failure is told. */
import { Command, CommanderError } from "commander";
import { appRestore, backupCreate, backupSnapshots } from "./commands/app_backup.ts";
import { appCheck } from "./commands/app_check.ts";
import { appDeploy } from "./commands/app_deploy.ts";
import { appNew } from "./commands/app_new.ts";
import { appLs, appPs, appRemove, appUndeploy, volumeList, volumeRemove } from "./commands/app_rest.ts";
import { secretGenerate, secretInsert, secretList, secretRemove } from "./commands/app_secret.ts";
import { appCmd, appRun } from "./commands/app_run.ts";
import { recipeLint } from "./commands/recipe_lint.ts";
import { recipeFetch, recipeVersions, serverAddLocal } from "./commands/recipe_server.ts";
import { Fatal, print, say } from "./output.ts";
import { describeError } from "../../common/errors.ts";

/** Speaks abra 0.13's commands; the name tells everyone who asks that it is not abra. */
const VERSION = "abra version 0.13.0-beta-stand-in";

const program = new Command("abra")
  .description("Stand-in for Co-op Cloud's abra over docker stack deploy")
  .version(VERSION, "-v, --version")
  .option("-n, --no-input", "never prompt")
  .option("-o, --offline", "no network")
  .option("-d, --debug", "show more")
  .exitOverride()
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
  .action((recipe, version, options) => appNew(recipe, version, { ...options, ...general() }));
app.command("deploy").argument("<domain>").argument("[version]")
  .option("-C, --chaos").option("-f, --force").option("-i, --ignore-env-version")
  .option("-D, --no-domain-checks").option("-c, --no-converge-checks")
  .action((domain, version, options) => appDeploy(domain, version, { ...options, ...general() }));
app.command("undeploy").argument("<domain>").action((domain) => appUndeploy(domain, general()));
app.command("remove").argument("<domain>").option("-f, --force")
  .action((domain, options) => appRemove(domain, { ...options, ...general() }));
app.command("ps").argument("<domain>").option("-m, --machine").action((domain, options) =>
  appPs(domain, options)
);
app.command("ls").option("-s, --server <server>").option("-r, --recipe <recipe>")
  .option("-S, --status").option("-m, --machine").action((options) => appLs(options));
app.command("check").argument("<domain>").option("-C, --chaos")
  .action((domain, options) => appCheck(domain, { ...options, ...general() }));
app.command("run").argument("<domain>").argument("<service>").argument("[command...]")
  .option("-t, --no-tty").option("-u, --user <user>")
  .action((domain, service, command, options) => appRun([domain, service, ...command], options));
app.command("cmd").argument("<domain>").argument("[words...]")
  .option("-l, --local").option("-C, --chaos").option("-T, --no-tty").option("-u, --user <user>")
  .action((domain, words, options) => appCmd([domain, ...words], { ...options, ...general() }));
app.command("restore").argument("<domain>").option("-C, --chaos").option("-s, --snapshot <id>")
  .action((domain, options) => appRestore(domain, { ...options, ...general() }));

const backup = app.command("backup");
backup.command("create").argument("<domain>").option("-C, --chaos")
  .action((domain, options) => backupCreate(domain, { ...options, ...general() }));
backup.command("snapshots").argument("<domain>").option("-C, --chaos")
  .action((domain, options) => backupSnapshots(domain, { ...options, ...general() }));

const secret = app.command("secret");
secret.command("generate").argument("<domain>").argument("[secret]").argument("[version]")
  .option("-a, --all").option("-m, --machine").option("-p, --pass")
  .action((domain, name, version, options) => secretGenerate([domain, name, version], options));
secret.command("insert").argument("<domain>").argument("<secret>").argument("<version>").argument("<data>")
  .option("-f, --file").option("-t, --trim").option("-p, --pass")
  .action((domain, name, version, data, options) => secretInsert([domain, name, version, data], options));
secret.command("rm").argument("<domain>").argument("[secret]").option("-a, --all").option("-p, --pass")
  .action((domain, name, options) => secretRemove([domain, name], { ...options, ...general() }));
secret.command("ls").argument("<domain>").option("-m, --machine")
  .action((domain, options) => secretList(domain, options));

const volume = app.command("volume");
volume.command("ls").argument("<domain>").action((domain) => volumeList(domain));
volume.command("rm").argument("<domain>").option("-f, --force")
  .action((domain, options) => volumeRemove(domain, { ...options, ...general() }));

const recipe = program.command("recipe");
recipe.command("fetch").argument("<recipe>").action((name) => recipeFetch(name, general()));
recipe.command("versions").argument("<recipe>").option("-m, --machine")
  .action((name, options) => recipeVersions(name, { ...options, ...general() }));
recipe.command("lint").argument("<recipe>").option("-C, --chaos")
  .action((name, options) => recipeLint(name, { ...options, ...general() }));

program.command("server").command("add").argument("[domain]").option("-l, --local")
  .action((_domain, options) => {
    if (!options.local) throw new Fatal("the stand-in knows the local server only: abra server add --local");
    serverAddLocal();
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
