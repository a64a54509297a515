import { seed } from "cc-ci";
import { pushNote } from "./forge.ts";

seed((marker) => pushNote("seeded", marker));
