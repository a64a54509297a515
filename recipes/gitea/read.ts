import { read } from "cc-ci";
import { readNote } from "./forge.ts";

read(() => readNote("seeded"));
