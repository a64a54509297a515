import { Command } from "commander";

/** Options of `enroll` as they are typed. */
export interface EnrollOptions {
  yes?: boolean;
  run: boolean;
  force?: boolean;
  into?: string;
}

/** The command line of `enroll`. */
export function enrollCommand(): Command {
  return new Command("enroll")
    .description("read a recipe, write its enrolment with first tests, and run it")
    .argument("<recipe>", "git URL, path of a checkout, or name on the forge: owner/name, or name")
    .option("--yes", "take what is proposed, and ask nothing")
    .option("--no-run", "only write and check the enrolment")
    .option("--force", "write over an enrolment that is there")
    .option("--into <folder>", "the folder of enrolments, instead of this checkout's recipes/");
}
