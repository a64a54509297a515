import { Option } from "commander";

/** Whether runs are processes of the bridge or builds of Drone. */
export function engineOption(): Option {
  return new Option("--engine <name>", "what the bridge gives runs to").choices(["local", "drone"])
    .default("local");
}
