import { bech32 } from "@scure/base";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { Buffer } from "node:buffer";
import { UsageError } from "../../common/errors.ts";

/** What comes before the 32 bytes of an X25519 private key in PKCS #8, see RFC 8410. */
const PKCS8 = Buffer.from("302e020100300506032b656e04220420", "hex");
const PRIVATE = "age-secret-key-";
const PUBLIC = "age";

/** A key of age, as its specification writes it: https://age-encryption.org/v1 */
export interface RecoveryKey {
  /** Who has it reads the secrets. */
  identity: string;
  /** What is encrypted for it. */
  recipient: string;
}

/** @param bytes 32 random ones */
export function recoveryKeyOf(bytes: Uint8Array): RecoveryKey {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, bytes]), format: "der", type: "pkcs8" });
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  return {
    identity: bech32.encodeFromBytes(PRIVATE, bytes).toUpperCase(),
    recipient: bech32.encodeFromBytes(PUBLIC, Buffer.from(x, "base64url")),
  };
}

/** Whether this is the public half of a recovery key. Another one that age knows recovers nothing: nobody could type it in. */
export function isRecoveryRecipient(text: string): boolean {
  try {
    const { prefix, bytes } = bech32.decodeToBytes(text);
    return text.startsWith(`${PUBLIC}1`) && prefix === PUBLIC && bytes.length === 32;
  } catch {
    return false;
  }
}

/** Reads a key as somebody kept it. @throws {UsageError} when it is none; the message does not repeat it */
export function readRecoveryKey(text: string): RecoveryKey {
  try {
    const { prefix, bytes } = bech32.decodeToBytes(text.trim());
    if (prefix === PRIVATE && bytes.length === 32) return recoveryKeyOf(bytes);
  } catch { /* said below */ }
  throw new UsageError("Could not read the recovery key: it is not as it was printed", {
    hint: 'Give the whole line that begins with "AGE-SECRET-KEY-1".',
  });
}
