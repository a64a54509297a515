const from = { forge: 2, drone: 128 };

/** An address of this machine for the services of one lab; labs of the two kinds go on side by side. */
export function labAddress(lab: "forge" | "drone"): string {
  return `127.0.0.${from[lab] + Math.floor(Math.random() * 126)}`;
}
