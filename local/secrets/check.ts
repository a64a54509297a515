import type { Credential } from "../../host/credentials.ts";
import { isSecret, NAMES, SECRETS } from "./catalogue.ts";
import { isRecoveryRecipient } from "./recovery_key.ts";
import { faultOf, type Outside } from "./secrets_file.ts";

/** What is said of one line of the answer. */
export interface Finding {
  sign: "✔" | "✖" | "–";
  what: string;
  text: string;
}

/**
 * Looks whether every secret of a host is there, and who can read them.
 * @param host the host's public key
 * @param needed as {@linkcode isNeeded} takes it
 * @param values all values, or why this host cannot read them
 */
export function findings(
  { filled, empty, readable, recipients, otherKeys }: Outside,
  { host, needed, values }: {
    host: string;
    needed: readonly Credential[] | null;
    values: { text: Record<string, unknown> } | { why: string };
  },
): Finding[] {
  return [
    ...NAMES.map((name) => ofSecret(name, { filled, empty, needed, values })),
    ...[...filled, ...empty].filter((name) => !isSecret(name)).map((name): Finding => ({
      sign: "✖",
      what: name,
      text: 'nothing reads a secret of this name; "./cc-ci secrets edit" removes it',
    })),
    ...readable.map((name): Finding => ({
      sign: "✖",
      what: name,
      text:
        "everybody who has the file reads it, as sops did not encrypt it; move the file away and make another " +
        'with "./cc-ci secrets new"',
    })),
    ...recipients.map((recipient): Finding => ({
      sign: "✔",
      what: "reader",
      text: `${recipient} (${ownerOf(recipient, host)})`,
    })),
    ...otherKeys.map((kind): Finding => ({
      sign: "✔",
      what: "reader",
      text: `keys of the kind ${kind} (another host or person)`,
    })),
    ...readers({ recipients, otherKeys }, host),
    ..."why" in values ? [{ sign: "✖" as const, what: "this host", text: values.why }] : [],
  ];
}

/**
 * Whether a host does not do without a secret.
 * @param needed those without which its units do not start; null where no settings say which units it has
 */
export function isNeeded(name: Credential, needed: readonly Credential[] | null): boolean {
  return needed === null ? SECRETS[name].optional !== true : needed.includes(name);
}

function ofSecret(
  name: Credential,
  { filled, empty, needed, values }: Pick<Outside, "filled" | "empty"> & {
    needed: readonly Credential[] | null;
    values: { text: Record<string, unknown> } | { why: string };
  },
): Finding {
  const secret = SECRETS[name];
  if (filled.includes(name)) {
    const fault = "text" in values ? faultOf(name, values.text[name]) : null;
    return fault === null
      ? { sign: "✔", what: name, text: `there: ${secret.means}` }
      : { sign: "✖", what: name, text: `${fault}; "./cc-ci secrets edit" mends it` };
  }
  const state = empty.includes(name) ? "empty" : "missing";
  if (!isNeeded(name, needed)) {
    return { sign: "–", what: name, text: `${state}, which may stay so: ${secret.means}` };
  }
  const next = "given" in secret
    ? `it is ${secret.given}; "./cc-ci secrets edit" takes it`
    : `"./cc-ci secrets rotate ${name}" makes one`;
  return { sign: "✖", what: name, text: `${state}: ${next}` };
}

function ownerOf(recipient: string, host: string): string {
  if (recipient === host) return "this host";
  return isRecoveryRecipient(recipient) ? "a recovery key" : "another host or person";
}

function readers(
  { recipients, otherKeys }: Pick<Outside, "recipients" | "otherKeys">,
  host: string,
): Finding[] {
  const all: Finding[] = [];
  const add = (sign: Finding["sign"], text: string) => all.push({ sign, what: "reader", text });
  if (!recipients.includes(host)) add("✖", `not this host; "./cc-ci secrets recover" makes it one`);
  const adds = '"sops rotate --in-place --add-age" adds one';
  if (otherKeys.length === 0 && recipients.every((one) => one === host)) {
    add("✖", `nobody except this host: without its key all of them are lost. Make a recovery key: ${adds}`);
  } else if (!recipients.some(isRecoveryRecipient)) {
    add("–", `no recovery key, without which "./cc-ci secrets recover" lets no other host in; ${adds}`);
  }
  return all;
}
