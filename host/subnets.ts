/** Whether an IPv4 address lies in a network. */
export function subnetHolds(network: string, address: string): boolean {
  return overlap(network, `${address}/32`);
}

/** Whether two IPv4 networks have an address in common. */
export function overlap(one: string, other: string): boolean {
  const [first, second] = [range(one), range(other)];
  return first !== null && second !== null && first.from <= second.to && second.from <= first.to;
}

function range(network: string): { from: number; to: number } | null {
  const [, address = "", bits = ""] = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(network) ?? [];
  if (bits === "") return null;
  const size = 2 ** (32 - Number(bits));
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const from = Math.floor(number / size) * size;
  return { from, to: from + size - 1 };
}
