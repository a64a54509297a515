/** `812 B`, `24 kB`, `4.1 MB`, `67 GB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 999.5) return `${Math.round(bytes)} B`;
  if (bytes < 999_500) return `${Math.round(bytes / 1000)} kB`;
  if (bytes < 999.5e6) return `${(bytes / 1e6).toFixed(bytes < 99.5e6 ? 1 : 0)} MB`;
  return `${(bytes / 1e9).toFixed(bytes < 10e9 ? 1 : 0)} GB`;
}
