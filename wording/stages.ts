import type { StageName } from "../protocol/result.ts";

/** What a stage proves by passing, and its colour in charts. A new stage does not compile until it has both. */
export const stageFacts: Record<StageName, { proves: string; colour: string }> = {
  fetch: { proves: "The tested object is the commit the maintainer saw", colour: "#8d99a6" },
  lint: { proves: "Nothing is wrong that can be seen without deploying", colour: "#b08d57" },
  images: { proves: "Every image that it names is there", colour: "#5f86b5" },
  install: { proves: "A newcomer can install it", colour: "#3f7fd0" },
  backup: { proves: "There is a backup", colour: "#2f9c8f" },
  restore: { proves: "The backup can really be restored", colour: "#7aa53a" },
  tests: { proves: "What the recipe's authors know to be right is so", colour: "#c58a1c" },
  upgrade: { proves: "People who run it today can take this change", colour: "#9467c9" },
  teardown: { proves: "Nothing of the app is left, and nothing else is gone", colour: "#6b7480" },
};
