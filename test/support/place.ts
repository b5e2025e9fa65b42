import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { prepareRoot, type Root, rootAt } from '../../src/store/root.js';
import { slowness } from './slowness.js';

/** Moment to clean up: after the test by default, after the file with `atEndOfAll`. */
export type AtEnd = (clean: () => void | Promise<void>) => void;

/** A directory that goes away with the test, however read-only its content has become. */
export function temporaryDirectory(name = 'test', atEnd: AtEnd = onTestFinished): string {
  const path = mkdtempSync(join(tmpdir(), `openclaw-releases-${name}-`));
  atEnd(() => removeDirectory(path));
  return path;
}

/** Processes of a test may still write there as the test ends; `maxRetries` of Node removes no new files. */
export function removeDirectory(path: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      openDirectories(path);
      rmSync(path, { recursive: true, force: true });
      return;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOENT' && !existsSync(path)) return;
      if ((code !== 'ENOTEMPTY' && code !== 'ENOENT') || attempt === 10) throw error;
    }
  }
}

function openDirectories(path: string): void {
  chmodSync(path, 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) openDirectories(join(path, entry.name));
  }
}

/** A prepared root in a directory of its own. */
export function temporaryRoot(): Root {
  const root = rootAt(join(temporaryDirectory('root'), 'root'));
  prepareRoot(root);
  return root;
}

/** Makes files by path, with their directories; a value that starts with `-> ` is a symlink. */
export function writeTree(directory: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(directory, path));
    else writeFileSync(join(directory, path), text);
  }
  return directory;
}

/**
 * Waits for something to become true, or fails saying what did not.
 * @param withinMs milliseconds on a machine of the usual speed; a slower one gets more
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  const limitMs = withinMs * slowness;
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
