import { Option } from "commander";

/** Whether runs are processes of the bridge or builds of Drone. Without it a stack keeps what it has. */
export function engineOption(): Option {
  return new Option("--engine <name>", 'what runs are given to; "local" at a first start')
    .choices(["local", "drone"]);
}
