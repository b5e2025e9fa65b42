import { afterAll } from 'vitest';
import type { AtEnd } from './place.js';

/**
 * Cleans up after all tests of the file or `describe` in whose body it is called, last made first ended. For what a
 * `beforeAll` makes: `afterAll` itself, called while a hook runs, is silently ignored by vitest.
 * @param limitMs for all of it; vitest's own limit unless given
 */
export function atEndOfAll(limitMs?: number): AtEnd {
  const cleaners: Parameters<AtEnd>[0][] = [];
  afterAll(async () => {
    for (const clean of cleaners.reverse()) await clean();
  }, limitMs);
  return (clean) => void cleaners.push(clean);
}
