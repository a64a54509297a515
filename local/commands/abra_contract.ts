import { abraContract, readContractCall } from "../abra/contract/main.ts";
import { Interruption } from "../host/interruption.ts";
import { terminalProgress } from "../host/progress.ts";
import { ensureStack } from "../stack/stack.ts";

/** `./cc-ci abra-contract`: brings up what the contract is tried on, then asks the abra in use. @returns the exit code */
export async function checkContract(argv: string[]): Promise<number> {
  const call = readContractCall(argv);
  if (call === null) return 0;
  using interruption = new Interruption();
  const { signal } = interruption;
  await ensureStack({ progress: terminalProgress(), parts: ["traefik", "backup-bot"], signal });
  return await abraContract(call);
}
