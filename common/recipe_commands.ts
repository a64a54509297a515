/** What abra takes for its own host in the place of a service, also where there is a service of that name. */
export const HOST = "local";

/** Whether abra runs what a setting of this name says: `<service> <function> <arguments>|…`. */
export function isCommands(name: string): boolean {
  return /^(PRE|POST)_[A-Z]+_CMDS$/.test(name);
}

/** The commands that such a setting says, in order. */
export function commandsIn(value: string): string[] {
  return value.split("|").map((command) => command.trim()).filter((command) => command !== "");
}

/** The service of each of them. */
export function servicesOfCommands(value: string): string[] {
  return commandsIn(value).map((command) => command.split(/\s+/)[0] ?? "");
}
