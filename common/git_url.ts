/** Whether an address is one that git reads by itself: `https://git.example.org/a/b`, `git@git.example.org:a/b`. */
export function isGitUrl(address: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^\s]|^[^\s/]+@[^\s/]+:[^\s]/.test(address) && !/\s/.test(address);
}
