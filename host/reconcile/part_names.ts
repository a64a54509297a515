/** What can be asked for by name, in the order in which one needs the other. */
export const partNames = ["swarm", "proxy", "routes", "backup-bot", "drone"] as const;
export type PartName = typeof partNames[number];
