import { read } from "cc-ci";
import { feed } from "./site.ts";

read(() => feed());
