import type { Credential } from "../../host/credentials.ts";
import { isSecret, NAMES, SECRETS } from "./catalogue.ts";
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
 * @param values all values, or why this host cannot read them
 */
export function findings(
  { filled, empty, recipients }: Outside,
  { host, values }: { host: string; values: { text: Record<string, unknown> } | { why: string } },
): Finding[] {
  return [
    ...NAMES.map((name) => ofSecret(name, { filled, empty, values })),
    ...[...filled, ...empty].filter((name) => !isSecret(name)).map((name): Finding => ({
      sign: "✖",
      what: name,
      text: 'nothing reads a secret of this name; "./cc-ci secrets edit" removes it',
    })),
    ...recipients.map((recipient): Finding => ({
      sign: "✔",
      what: "reader",
      text: `${recipient} (${ownerOf(recipient, host)})`,
    })),
    ...readers(recipients, host),
    ..."why" in values ? [{ sign: "✖" as const, what: "this host", text: values.why }] : [],
  ];
}

function ofSecret(
  name: Credential,
  { filled, empty, values }: Pick<Outside, "filled" | "empty"> & {
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
  if (secret.optional) return { sign: "–", what: name, text: `${state}, which may stay so: ${secret.means}` };
  const next = "given" in secret
    ? `it is ${secret.given}; "./cc-ci secrets edit" takes it`
    : `"./cc-ci secrets rotate ${name}" makes one`;
  return { sign: "✖", what: name, text: `${state}: ${next}` };
}

function ownerOf(recipient: string, host: string): string {
  if (recipient === host) return "this host";
  return recipient.startsWith("age1") ? "a recovery key" : "another host or person";
}

function readers(recipients: readonly string[], host: string): Finding[] {
  const lacks = (what: string, text: string): Finding => ({ sign: "✖", what, text });
  return [
    ...recipients.includes(host)
      ? []
      : [lacks("reader", `not this host; "./cc-ci secrets recover" makes it one`)],
    ...recipients.some((one) => one !== host) ? [] : [lacks(
      "reader",
      'nobody except this host: without its key all of them are lost; "sops rotate --add-age" adds a reader',
    )],
  ];
}
