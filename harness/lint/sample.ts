import { readInside } from "../recipe/inside_checkout.ts";
import type { Finding } from "./finding.ts";

/**
 * A recipe without `.env.sample` cannot be deployed: abra copies it when it makes an app.
 * @param root real path of the recipe's folder
 */
export function checkSample(root: string): Finding[] {
  if (readInside(root, ".env.sample") !== null) return [];
  return [{
    rule: "lint.env-sample",
    severity: "error",
    file: ".env.sample",
    message: "Does not exist, and abra makes an app's settings from it",
    hint: "Write the settings that an app starts with into .env.sample, TYPE and DOMAIN at least",
  }];
}
