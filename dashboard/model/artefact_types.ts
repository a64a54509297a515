const MB = 1024 * 1024;

/** How artefacts of one kind are taken in and given out. */
export interface ArtefactType {
  /** Pinned: what an uploader or a browser thinks of the content does not count. */
  contentType: string;
  /** Bytes at most. */
  limit: number;
}

/** XML is shown as text: as XML it could carry a style sheet or scripts. */
const types: Record<string, ArtefactType> = {
  png: { contentType: "image/png", limit: 10 * MB },
  html: { contentType: "text/html; charset=utf-8", limit: 32 * MB },
  json: { contentType: "application/json", limit: 16 * MB },
  ndjson: { contentType: "text/plain; charset=utf-8", limit: 128 * MB },
  log: { contentType: "text/plain; charset=utf-8", limit: 128 * MB },
  xml: { contentType: "text/plain; charset=utf-8", limit: 16 * MB },
};

/** Artefacts of one run, together. */
export const artefactsOfRun = { count: 200, bytes: 256 * MB };

/** The type that goes with a name's ending; the names are those of the protocol, which have no other endings. */
export function artefactType(name: string): ArtefactType {
  const type = types[name.slice(name.lastIndexOf(".") + 1)];
  if (type === undefined) throw new RangeError(`No artefact may be called "${name}"`);
  return type;
}

export function isPicture(name: string): boolean {
  return name.endsWith(".png");
}
