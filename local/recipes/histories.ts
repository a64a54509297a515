/** One commit of a recipe: the files of a folder laid over those of the commit before. */
export interface Commit {
  /** Folder below `local/recipes/<recipe>/`. */
  folder: string;
  message: string;
  /** Name and text of an annotated release tag on this commit. */
  tag?: { name: string; message: string };
}

/** A branch with one commit on top of `main`. */
export interface Branch extends Commit {
  branch: string;
}

/** Pull requests: one that is fine, which every recipe here has, and one after which old data is out of reach. */
export const variants = ["good", "loses-data"] as const;
export type Variant = typeof variants[number];

export interface History {
  /** Oldest first; the last one is the head of `main`. */
  main: Commit[];
  pullRequests: { good: Branch; "loses-data"?: Branch };
}

export const histories: Record<string, History> = {
  "custom-html": {
    main: [
      release("1.0.0+1.22.1", "Serve a volume of pages with nginx"),
      release("1.1.0+1.22.1", "Compress pages"),
      { folder: "unreleased", message: "Send a referrer policy" },
    ],
    pullRequests: {
      good: branch("good", "cache-assets", "Let browsers keep style sheets and images for an hour"),
      "loses-data": branch("loses-data", "rename-volume", "Call the volume html, like the folder"),
    },
  },
  gitea: {
    main: [
      release("1.0.0+1.26.0-rootless", "Run Gitea with SQLite"),
      release("1.1.0+1.26.0-rootless", "Make every new repository private"),
    ],
    pullRequests: { good: branch("good", "metrics", "Let Prometheus have figures, in an overlay") },
  },
  miniflux: {
    main: [
      release("1.0.0+2.2.13", "Run Miniflux with PostgreSQL"),
      release("1.1.0+2.2.13", "Make the polling frequency a setting"),
      { folder: "unreleased", message: "Update Miniflux to 2.2.14" },
    ],
    pullRequests: {
      good: branch("good", "archive-setting", "Make the age of archived articles a setting"),
      "loses-data": branch(
        "loses-data",
        "rename-volume",
        "Call the volume postgres, like what is in it",
      ),
    },
  },
  mumble: {
    main: [
      release("1.0.0+1.3.4", "Run Mumble's server, and a page that says whether it works"),
      release("1.1.0+1.3.4", "Let voices take up to 128 kbit/s"),
    ],
    pullRequests: { good: branch("good", "welcome", "Welcome whoever comes") },
  },
  "miniflux-oidc": {
    main: [
      release("1.0.0+2.2.13", "Run Miniflux with PostgreSQL and a provider of log-ins"),
      release("1.1.0+2.2.13", "Make the polling frequency a setting"),
      { folder: "unreleased", message: "Update Miniflux to 2.2.14" },
    ],
    pullRequests: { good: branch("good", "archive-setting", "Make the age of archived articles a setting") },
  },
  "oidc-provider": {
    main: [
      release("1.0.0+8.8.1", "Run a provider of log-ins for tests"),
      release("1.1.0+8.8.1", "Look at its health every two seconds"),
    ],
    pullRequests: { good: branch("good", "slow-hosts", "Give it two minutes to start") },
  },
  prosody: {
    main: [
      release("1.0.0+0.12.3", "Run Prosody with one account, and a domain for uploads"),
      release("1.1.0+0.12.3", "Keep messages for clients that were away"),
    ],
    pullRequests: { good: branch("good", "larger-files", "Let people send files of up to 20 MiB") },
  },
  radicale: {
    main: [
      release("1.0.0+3.1.8", "Run Radicale with one account"),
      release("1.1.0+3.1.8", "Let no other site show the pages in a frame"),
    ],
    pullRequests: { good: branch("good", "slower-guesses", "Answer wrong passwords two seconds later") },
  },
  wordpress: {
    main: [
      release("1.0.0+6.1.9", "Run WordPress with MariaDB"),
      release("1.1.0+6.1.9", "Let people upload files of up to 32 MB"),
    ],
    pullRequests: { good: branch("good", "hide-version", "Do not tell the version of PHP") },
  },
};

function release(version: string, message: string): Commit {
  return { folder: version, message, tag: { name: version, message: `chore: publish ${version} release` } };
}

function branch(variant: Variant, name: string, message: string): Branch {
  return { folder: `pull-requests/${variant}`, branch: name, message };
}
