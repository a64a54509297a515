import { html } from "hono/html";
import type { Child } from "hono/jsx";
import { assetUrl } from "../assets/assets.ts";

export interface PageProps {
  title: string;
  /** Address of the same facts as JSON. */
  json?: string;
  /** Address of the same as plain text. */
  text?: string;
  /** Which entry of the navigation this page belongs to. */
  section?: "recipes" | "queue" | "status";
  /** Seconds after which the page is looked at again, with or without JavaScript. */
  refresh?: number;
  children: Child;
}

/** A whole page: what all of them have around their content. */
export function Page(props: PageProps) {
  return html`<!DOCTYPE html>${(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{props.title === "cc-ci" ? "cc-ci" : `${props.title} · cc-ci`}</title>
        <link rel="stylesheet" href={assetUrl("style.css")} />
        <link rel="icon" type="image/svg+xml" href={assetUrl("logo.svg")} />
        <link rel="alternate" type="application/atom+xml" title="Level changes" href="/feed.atom" />
        {props.json !== undefined && <link rel="alternate" type="application/json" href={props.json} />}
        {props.text !== undefined && <link rel="alternate" type="text/plain" href={props.text} />}
        {props.refresh !== undefined && (
          <noscript>
            <meta http-equiv="refresh" content={String(props.refresh)} />
          </noscript>
        )}
        <script src={assetUrl("enhance.js")} defer></script>
      </head>
      <body>
        <a class="skip" href="#content">Skip to content</a>
        <header class="top">
          <div class="frame">
            <a class="brand" href="/">
              <img src={assetUrl("logo.svg")} alt="" width="22" height="22" /> cc-ci
            </a>
            <nav aria-label="Main">
              <a href="/" aria-current={props.section === "recipes" ? "page" : undefined}>Recipes</a>
              <a href="/queue" aria-current={props.section === "queue" ? "page" : undefined}>Queue</a>
              <a href="/status" aria-current={props.section === "status" ? "page" : undefined}>Status</a>
            </nav>
          </div>
        </header>
        <main id="content" class="frame" data-refresh={props.refresh}>{props.children}</main>
        <footer class="frame">
          <p>
            cc-ci deploys every change of a Co-op Cloud recipe on a real Swarm and tells what became of it.
            {props.json !== undefined && (
              <>
                {" "}This page as <a href={props.json}>JSON</a>.
              </>
            )}
            {props.text !== undefined && (
              <>
                {" "}This page as <a href={props.text}>text</a>.
              </>
            )}
          </p>
        </footer>
      </body>
    </html>
  )}`;
}
