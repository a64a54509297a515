import { createHash } from "node:crypto";
import style from "./style.css" with { type: "text" };
import enhance from "./enhance.js" with { type: "text" };
import logo from "./logo.svg" with { type: "text" };

/** A file that pages refer to, part of the program itself. */
export interface Asset {
  text: string;
  contentType: string;
  /** Changes with the content, so that a browser may keep it for ever. */
  version: string;
}

const assets: Record<string, Asset> = {
  "style.css": asset(style, "text/css; charset=utf-8"),
  "enhance.js": asset(enhance, "text/javascript; charset=utf-8"),
  "logo.svg": asset(logo, "image/svg+xml"),
};

export function findAsset(name: string): Asset | undefined {
  return Object.hasOwn(assets, name) ? assets[name] : undefined;
}

export function assetUrl(name: "style.css" | "enhance.js" | "logo.svg"): string {
  return `/assets/${name}?v=${assets[name]?.version ?? ""}`;
}

function asset(text: string, contentType: string): Asset {
  return { text, contentType, version: createHash("sha256").update(text).digest("hex").slice(0, 10) };
}
