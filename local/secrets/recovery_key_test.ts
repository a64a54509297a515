import assert from "node:assert/strict";
import { isRecoveryRecipient, readRecoveryKey, recoveryKeyOf } from "./recovery_key.ts";

// A pair that age-keygen made, from the tests of sops.
const pair = {
  identity: "AGE-SECRET-KEY-1G0Q5K9TV4REQ3ZSQRMTMG8NSWQGYT0T7TZ33RAZEE0GZYVZN0APSU24RK7",
  recipient: "age1lzd99uklcjnc0e7d860axevet2cz99ce9pq6tzuzd05l5nr28ams36nvun",
};

Deno.test("a recovery key is read as it was kept, and its public half is the one of age", () => {
  assert.deepEqual(readRecoveryKey(`  ${pair.identity}\n`), pair);
  assert.deepEqual(readRecoveryKey(pair.identity.toLowerCase()), pair);
});

Deno.test("a key of our making is read back", () => {
  const made = recoveryKeyOf(Uint8Array.from({ length: 32 }, (_, index) => index));
  assert.deepEqual(readRecoveryKey(made.identity), made);
});

Deno.test("what is no recovery key is refused, and not repeated", () => {
  const wrong = [
    "",
    pair.recipient,
    pair.identity.slice(0, -1),
    pair.identity.replace("4REQ", "4RQE"),
    `${pair.identity} ${pair.identity}`,
  ];
  for (const text of wrong) {
    assert.throws(() => readRecoveryKey(text), (error: Error) => {
      assert.match(error.message, /^Could not read the recovery key: it is not as it was printed$/);
      return true;
    });
  }
});

Deno.test("only a public key whose private one recovers the secrets is one of a recovery key", () => {
  assert.ok(isRecoveryRecipient(pair.recipient));
  const others = [
    "",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN",
    "age1yubikey1q2w7u3vpya839jxxuq8g0sedh3d740d4xvn639sqhr95ejj8vu3hyfumptt",
    pair.recipient.slice(0, -1),
    pair.recipient.toUpperCase(),
    pair.identity,
  ];
  for (const text of others) assert.ok(!isRecoveryRecipient(text), text);
});
