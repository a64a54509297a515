import { join } from "node:path";
import { writeAtomically } from "../../common/files.ts";

/** One tag that we put on an image in an engine. */
export interface MadeImage {
  /** The engine's own id (`docker info`), because a machine may change its engine. */
  engine: string;
  tag: string;
  content: string;
}

/** The tags made here, remembered in `<cache>/images/made.json`, so that `down` takes away those and no others. */
export class Ledger {
  readonly #path: string;

  constructor(cache: string) {
    this.#path = join(cache, "images", "made.json");
  }

  async read(): Promise<MadeImage[]> {
    try {
      const made: unknown = JSON.parse(await Deno.readTextFile(this.#path));
      return Array.isArray(made) ? made.filter(isMadeImage) : [];
    } catch {
      return [];
    }
  }

  async add(image: MadeImage): Promise<void> {
    const others = (await this.read()).filter(({ engine, tag }) =>
      engine !== image.engine || tag !== image.tag
    );
    await this.#write([...others, image]);
  }

  async remove(engine: string, tag: string): Promise<void> {
    await this.#write((await this.read()).filter((made) => made.engine !== engine || made.tag !== tag));
  }

  async #write(made: MadeImage[]): Promise<void> {
    await Deno.mkdir(join(this.#path, ".."), { recursive: true });
    await writeAtomically(this.#path, `${JSON.stringify(made, null, 2)}\n`);
  }
}

function isMadeImage(value: unknown): value is MadeImage {
  return typeof value === "object" && value !== null && "engine" in value && "tag" in value &&
    "content" in value;
}
