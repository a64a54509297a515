import { formatSeconds } from "../../common/time.ts";
import { parseDuration } from "../recipe/compose_values.ts";
import { quote } from "../lint/finding.ts";

/** What is wrong with a label's value, as the end of a sentence; null where nothing is. */
export type ValueCheck = (value: string) => string | null;

/** A whole number within bounds. */
export function whole(least: number, most: number): ValueCheck {
  return (value) => {
    if (!/^-?[0-9]{1,15}$/.test(value)) return `${quote(value)} is no whole number`;
    return Number(value) < least || Number(value) > most
      ? `${value} is not between ${least} and ${most}`
      : null;
  };
}

/** A duration such as `10s`, or a bare number of seconds, up to so many; zero turns off what may not be too short. */
export function duration(mostSeconds: number, leastSeconds = 0): ValueCheck {
  return (value) => {
    const seconds = /^-?[0-9]{1,9}$/.test(value) ? Number(value) : parseDuration(value.replace(/^-/, ""));
    if (seconds === null) return `${quote(value)} is no duration`;
    if (seconds !== 0 && Math.abs(seconds) < leastSeconds) {
      return `${value} is less than ${formatSeconds(leastSeconds * 1000)}`;
    }
    return seconds > mostSeconds ? `${value} is more than ${formatSeconds(mostSeconds * 1000)}` : null;
  };
}

export const flag: ValueCheck = (value) =>
  /^(|true|false|t|f|1|0|yes|no)$/i.test(value) ? null : `${quote(value)} is neither true nor false`;

export function oneOf(...words: string[]): ValueCheck {
  return (value) =>
    words.includes(value.toLowerCase()) ? null : `${quote(value)} is none of ${words.join(", ")}`;
}

/** Free text, up to so many characters. */
export function text(most = 2_000): ValueCheck {
  return (value) => value.length > most ? `is longer than ${most} characters` : null;
}

const MAX_REPETITIONS = 20_000;

/** Whether counted repetitions, which multiply, come to so much that each request would cost Traefik dearly. */
export function isTooRepetitive(pattern: string): boolean {
  const counts = [...pattern.matchAll(/\{([0-9]{1,9})(?:,([0-9]{0,9}))?\}/g)]
    .map(([, least, most]) => Math.max(1, Number(least), Number(most ?? 0)));
  return counts.reduce((product, count) => product * count, 1) > MAX_REPETITIONS;
}

/** A regular expression of Go's, whose time grows with its own length as repetitions are written out. */
export const regularExpression: ValueCheck = (value) =>
  isTooRepetitive(value) ? "is a pattern that repeats too much" : text()(value);

export function matching(pattern: RegExp): ValueCheck {
  return (value) => pattern.test(value) ? null : `${quote(value)} is not of the usual form`;
}
