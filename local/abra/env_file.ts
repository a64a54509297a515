/** `custom-html:1.1.0+1.22.1` of `TYPE=` (or `RECIPE=`) taken apart. */
export function splitType(type: string): { recipe: string; version: string | undefined } {
  const at = type.lastIndexOf(":");
  if (at < 0) return { recipe: type, version: undefined };
  return { recipe: type.slice(0, at), version: type.slice(at + 1) || undefined };
}

/** The same text with the version of its `TYPE=` or `RECIPE=` line replaced; other lines stay as they are. */
export function writeVersion(text: string, version: string): string {
  return text.replace(
    /^((?:TYPE|RECIPE)=["']?[^\s:"'#]+)(?::[^\s"'#]*)?/m,
    (_, start) => `${start}:${version}`,
  );
}
