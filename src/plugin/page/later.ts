const STORED = 'openclaw-releases-later';
const DAY_MS = 24 * 60 * 60_000;

/** Puts the offer of a version off in this browser, for a day; null ends that. A newer version is offered at once. */
export function putOff(version: string | null): void {
  if (version === null) localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, JSON.stringify([version, Date.now() + DAY_MS]));
}

export function isPutOff(version: string): boolean {
  const [of, until] = JSON.parse(localStorage.getItem(STORED) ?? '[]') as [string?, number?];
  return of === version && Date.now() < (until ?? 0);
}
