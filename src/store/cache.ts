import { writeFileDurably } from '../host/durable.js';

/** Caches a result, ignoring errors: it can be found again. */
export function writeCache(path: string, text: string): void {
  try {
    writeFileDurably(path, text, 0o600);
  } catch {}
}
