import { stringify } from "yaml";
import * as z from "zod";
import { parseEnvFile } from "../../common/env_file.ts";
import { UsageError } from "../../common/errors.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { readRecipeYml } from "../../enrolment/recipe_yml.ts";
import { FIRM_RULES } from "../../enrolment/rules.ts";
import { MOST_SECONDS, recipeYml } from "../../enrolment/schema.ts";
import { looksSecret, settleValues } from "../../enrolment/settle_values.ts";
import { newSettings } from "../app/settings.ts";
import { composeServices } from "../recipe/compose_services.ts";
import { type Finding, place } from "../lint/finding.ts";
import { type Database, databasesOf } from "./databases.ts";
import {
  composeFileWith,
  mainDomain,
  neededSeconds,
  otherDomains,
  ownAddresses,
  paths,
  publishedTcp,
  shownVersion,
  unusedOverlays,
} from "./look.ts";
import { answerTo, type Asker } from "./questions.ts";
import { type FetchedRecipe, type ReadOptions, type ReadRecipe, readWith } from "./read_recipe.ts";

/** `recipe.yml` as somebody writes it. */
export type Draft = z.input<typeof recipeYml>;

/** What an enrolment is to say, and what a person should know about it. */
export interface Proposal {
  draft: Draft;
  read: ReadRecipe;
  /** The database with whose commands data is written, if there is one. */
  database: Database | null;
  /** What keeps the recipe from being deployed and nobody has permitted, with the exception that would. */
  refused: Refusal[];
  notes: string[];
}

/** Something that confinement refuses. */
export interface Refusal {
  finding: Finding;
  /** What would permit it in `exceptions`; null where nothing can. */
  exception: string | null;
}

/** Settings of a made-up length: long enough for any app. */
const MADE_UP = 32;
/** Seconds that a stage has by itself. */
const USUAL_SECONDS = { install: 600, upgrade: 900 } as const;

/** Seconds of a stage for what is not the app's start. */
const TO_SPARE = 300;

/** What has to be known before the commands of a database are of use, and what holds without them. */
const doubts: Partial<Record<Database["kind"], { question: string; otherwise: string }>> = {
  SQLite: {
    question: "Is there a program sqlite3 in that image?",
    otherwise: "that data is kept is shown by files in its volume, as the image may have no sqlite3",
  },
  Redis: {
    question: "Does it hold data that has to come back from a backup?",
    otherwise: "it counts as a cache, since a server that runs does not read what is restored",
  },
};

function placeIn({ kind, service, path }: Database): string {
  return path === undefined ? `${kind} in ${service}` : `${kind} in ${path} of ${service}`;
}

/** Works out what the enrolment of a recipe has to say, and asks where a person has to decide. */
export class Proposing {
  readonly #fetched: FetchedRecipe;
  readonly #ask: Asker;
  readonly #options: ReadOptions;
  #draft: Draft;
  readonly #notes: string[] = [];

  constructor(
    fetched: FetchedRecipe,
    options: { from: Pick<Draft, "repo" | "upstream">; ask: Asker; read: ReadOptions },
  ) {
    this.#fetched = fetched;
    this.#ask = options.ask;
    this.#options = options.read;
    this.#draft = { ...options.from };
  }

  async propose(): Promise<Proposal> {
    this.#overlays();
    this.#domains();
    let read = await this.#read();
    this.#secrets(read);
    const refused = await this.#exceptions(read);
    read = await this.#read();
    this.#health(read);
    const database = this.#data(read);
    if (this.#ask.confirm("May anybody see its runs on the dashboard?", false)) this.#draft.public = true;
    return { draft: this.#draft, read, database, refused, notes: this.#notes };
  }

  get #enrolment(): Enrolment {
    return { recipe: this.#fetched.recipe, folder: null, ...recipeYml.parse(this.#draft) };
  }

  /** Reads the recipe with what is known so far; asks for each setting that its compose files require. */
  async #read(): Promise<ReadRecipe> {
    for (let asked = 0; asked < 20; asked++) {
      const { enrolment } = await settleValues(this.#enrolment);
      const read = await readWith(enrolment, this.#fetched, this.#options);
      if (!("ok" in read)) return read;
      const { rule, message } = read;
      const name = rule === "parse.variables" ? /^Required variable "(\w+)"/.exec(message)?.[1] : undefined;
      if (name === undefined || this.#draft.env?.[name] !== undefined) {
        throw new UsageError(`The recipe cannot be read: ${place(read)}: ${message}`, {
          hint: "This has to be mended in the recipe; until then nothing of it can be deployed",
        });
      }
      this.#require(name, message);
    }
    throw new UsageError("The recipe requires more than 20 settings that nobody sets");
  }

  /** Gives a setting that the compose files require a value. */
  #require(name: string, message: string): void {
    if (looksSecret(name)) {
      this.#draft = this.#with(name, { generate: MADE_UP });
      return;
    }
    const value = this.#answer(`${message}. Its value in test apps?`, {
      proposal: "",
      makes: (answer) => answer === "" ? this.#draft : this.#with(name, answer),
    });
    if (value !== "") return;
    throw new UsageError(`${message}, and nobody knows what it should be`, {
      hint: `Answer the question in a terminal, or give ${name} a value in .env.sample of the recipe`,
    });
  }

  /** The draft with a setting. */
  #with(name: string, value: NonNullable<Draft["env"]>[string]): Draft {
    return { ...this.#draft, env: { ...this.#draft.env, [name]: value } };
  }

  /**
   * Asks, and asks again with what is wrong for as long as the answer names what is not there, or the schema refuses
   * what it makes of the draft.
   * @throws {UsageError} when there is nobody to ask, or no answer will do
   */
  #answer(
    question: string,
    of: { proposal: string; unknown?: (answer: string) => string | null; makes: (answer: string) => Draft },
  ): string {
    const { proposal, unknown, makes } = of;
    const mistake = (answer: string) => {
      const known = unknown?.(answer) ?? null;
      if (known !== null) return known;
      const draft = makes(answer);
      const reading = readRecipeYml(stringify(draft));
      if (!reading.ok) return reading.mistakes.map(({ text }) => text).join("; ");
      this.#draft = draft;
      return null;
    };
    return answerTo(question, { ask: this.#ask, proposal, mistake });
  }

  #overlays(): void {
    const { root } = this.#fetched;
    const { off } = unusedOverlays(root);
    if (off.length === 0) return;
    const question = `Its .env.sample leaves out ${off.join(", ")}. Which of them shall tests switch on?`;
    const words = (answer: string) =>
      answer.split(/[\s,:]+/).filter((name) => !["", "none", "-"].includes(name));
    this.#answer(question, {
      proposal: "none",
      unknown(answer) {
        const name = words(answer).find((name) => !off.includes(name));
        return name === undefined ? null : `There is no compose file "${name}" that is left out`;
      },
      makes: (answer) => {
        const wanted = words(answer);
        return wanted.length === 0 ? this.#draft : this.#with("COMPOSE_FILE", composeFileWith(root, wanted));
      },
    });
  }

  #domains(): void {
    const main = mainDomain(this.#fetched.root, this.#composeFiles);
    if (main !== "DOMAIN") {
      this.#draft = this.#with(main, "{domain}");
      this.#notes.push(`The proxy routes by ${main} and not by DOMAIN, so it is set to {domain}`);
    }
    for (const { setting, value, name, likelyOwn } of otherDomains(this.#fetched, this.#composeFiles)) {
      const question =
        `${setting} is a domain, ${
          value || "not set"
        } in .env.sample. What shall it be called in test apps, if the ` +
        `app itself answers there ("none": it is somebody else's)?`;
      this.#answer(question, {
        proposal: likelyOwn ? name : "none",
        makes: (answer) =>
          ["none", "-"].includes(answer) ? this.#draft : {
            ...this.#with(setting, `{domain.${answer}}`),
            extra_domains: [...new Set([...this.#draft.extra_domains ?? [], answer])],
          },
      });
    }
    const { root, app: { domain } } = this.#fetched;
    const settings = parseEnvFile(
      newSettings({ root, at: "head" }, { enrolment: this.#enrolment, domain }),
    );
    for (const [setting, value] of ownAddresses(settings, this.#fetched)) {
      this.#draft = this.#with(setting, value);
      this.#notes.push(`${setting} has the domain of the example in .env.sample, so it is set to ${value}`);
    }
  }

  /** The compose files that tests switch on, as far as that is said. */
  get #composeFiles(): string[] | undefined {
    const said = this.#draft.env?.COMPOSE_FILE;
    return typeof said === "string" ? said.split(":") : undefined;
  }

  #secrets({ compose, secrets }: ReadRecipe): void {
    for (const { key, version, generated: usual } of secrets) {
      // What an overlay needs is commented out in the sample together with it.
      const shown = version === "" ? shownVersion(compose, { root: this.#fetched.root, key }) : null;
      if (shown !== null) this.#draft = this.#with(shown.name, shown.value);
      if (shown === null ? usual : shown.modifiers.generate !== "false") continue;
      const made = `${MADE_UP} characters, made up`;
      this.#answer(`abra does not generate secret "${key}". Its value in test apps?`, {
        proposal: made,
        makes: (value) => ({
          ...this.#draft,
          secrets: {
            ...this.#draft.secrets,
            [key]: value === made || value === "" ? { length: MADE_UP } : { value },
          },
        }),
      });
    }
  }

  /** Confinement names what it can see; once that is permitted, Docker may show it more. */
  async #exceptions(first: ReadRecipe): Promise<Refusal[]> {
    const refused: Refusal[] = [];
    let { refusals } = first;
    while (true) {
      const fresh = refusals.map((finding) => this.#refusal(finding))
        .filter(({ exception }) => !refused.some((one) => one.exception === exception));
      const permitted = fresh.filter(({ finding, exception }, at) =>
        exception !== null && fresh.findIndex((one) => one.exception === exception) === at &&
        this.#ask.permit(`${place(finding)}: ${finding.message}. Permit it (${exception})?`)
      ).map(({ exception }) => exception ?? "");
      refused.push(...fresh.filter(({ exception }) => !permitted.includes(exception ?? "")));
      if (permitted.length === 0) return refused;
      this.#draft.exceptions = [...this.#draft.exceptions ?? [], ...permitted];
      refusals = (await this.#read()).refusals;
    }
  }

  #refusal(finding: Finding): Refusal {
    const { rule, subject } = finding;
    if (FIRM_RULES.includes(rule) || !rule.startsWith("confine.")) return { finding, exception: null };
    const { stack, domain } = this.#fetched.app;
    const named = subject?.replaceAll(stack, "${STACK_NAME}").replaceAll(domain, "${DOMAIN}");
    return { finding, exception: named === undefined ? rule : `${rule}=${named}` };
  }

  #health({ compose }: ReadRecipe): void {
    const services = composeServices(compose);
    const { health, front } = paths(services, this.#fetched.app.domain);
    const proposal = health ?? front;
    const path = this.#answer("Which path answers with 200 when the app works?", {
      proposal,
      makes: (path) => path === "/" ? this.#draft : { ...this.#draft, health: { path } },
    });
    if (path !== "/") {
      this.#answer("Which page shall a browser open?", {
        proposal: front,
        makes: (page) => page === path ? this.#draft : { ...this.#draft, page: { path: page } },
      });
    }
    this.#answer("Which words in the title of that page show that it is the app's?", {
      proposal: "",
      makes: (title) =>
        title === "" ? this.#draft : { ...this.#draft, health: { ...this.#draft.health, title } },
    });
    for (const port of publishedTcp(compose)) {
      const question =
        `Service ${port.service} publishes its TCP port ${port.tcp}. Shall runs wait for it to be open?`;
      if (this.#ask.confirm(question, true)) this.#draft.ready = [...this.#draft.ready ?? [], port];
    }
    const needed = neededSeconds(services, this.#fetched);
    const longer = Object.entries(USUAL_SECONDS).filter(([, usual]) => needed >= usual);
    if (longer.length > 0) {
      this.#draft.timeouts = Object.fromEntries(
        longer.map(([stage]) => [stage, Math.min(needed + TO_SPARE, MOST_SECONDS)]),
      );
      this.#notes.push(
        `The recipe gives its first start up to ${needed} s, so "timeouts" give the stages more`,
      );
    }
  }

  #data({ compose }: ReadRecipe): Database | null {
    const found = databasesOf(composeServices(compose));
    const [first] = found;
    if (first === undefined) {
      this.#notes.push("No database that is known: that data is kept is shown by files in the volumes");
      return null;
    }
    const doubt = doubts[first.kind];
    if (doubt !== undefined && !this.#ask.confirm(`${placeIn(first)}. ${doubt.question}`, false)) {
      this.#notes.push(`${placeIn(first)}: ${doubt.otherwise}`);
      return null;
    }
    const names = found.map(({ service }) => service);
    const chosen = names.length === 1 ? first.service : answerTo(
      `Databases: ${
        found.map(({ kind, service }) => `${service} (${kind})`).join(", ")
      }. Which holds the data?`,
      {
        ask: this.#ask,
        proposal: first.service,
        mistake: (answer) => names.includes(answer) ? null : `There is no database "${answer}"`,
      },
    );
    const database = found.find(({ service }) => service === chosen) ?? first;
    const { service, commands: { seed, destroy, read } } = database;
    this.#draft.data = {
      seed: [{ service, command: seed }],
      destroy: [{ service, command: destroy }],
      read: [{ service, command: read }],
    };
    return database;
  }
}
