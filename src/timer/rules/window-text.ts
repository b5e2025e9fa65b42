import type { Window } from './settings.js';

export function windowText({ days, from, to, timeZone }: Window): string {
  return `${days === null ? 'every day' : days.join(',')} ${from}-${to} ${timeZone}`;
}
