import { seed } from "cc-ci";
import { publish } from "./site.ts";

seed((marker) => publish(marker));
