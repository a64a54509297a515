/** What abra takes for its own host in the place of a service, also where there is a service of that name. */
export const HOST = "local";

/** Whether abra runs what a setting of this name says: `<service> <function> <arguments>|…`. */
export function isCommands(name: string): boolean {
  return /^(PRE|POST)_[A-Z]+_CMDS$/.test(name);
}

/** The service of each command that such a setting says, in order. */
export function servicesOfCommands(value: string): string[] {
  return value.split("|").map((command) => command.trim().split(/\s+/)[0] ?? "").filter((service) =>
    service !== ""
  );
}
