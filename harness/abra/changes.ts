/** Commands of abra that change what outlives this process. */
const CHANGES = [
  "server add",
  "app new",
  "app secret generate",
  "app deploy",
  "app undeploy",
  "app backup create",
  "app restore",
  "app run",
  "app cmd",
];

/** Name of the change that a call of abra makes, the same in every run; null for one that only looks. */
export function changeBy(args: readonly string[]): string | null {
  const command = CHANGES.find((one) => `${args.join(" ")} `.startsWith(`${one} `));
  if (command === undefined) return null;
  return `abra ${command}${args.includes("-C") ? " -C" : ""}`;
}
