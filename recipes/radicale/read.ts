import { read } from "cc-ci";
import { readEvent } from "./calendar.ts";

read(() => readEvent("seeded", "marker"));
