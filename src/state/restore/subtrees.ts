import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { classify } from '../scope.js';

/** Largest parts of a state directory that are only `state`, relative to it: one rename moves each. */
export function wholeSubtrees(directory: string, left: readonly string[]): string[] {
  return partsOf(directory, '', left).parts;
}

function partsOf(
  directory: string,
  below: string,
  left: readonly string[],
): { whole: boolean; parts: string[] } {
  let whole = true;
  const parts: string[] = [];
  for (const entry of readdirSync(join(directory, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (!isKept(entry) || classify(path, left) !== 'state') {
      whole = false;
    } else if (!entry.isDirectory()) {
      parts.push(path);
    } else {
      const inner = partsOf(directory, path, left);
      if (inner.whole) parts.push(path);
      else parts.push(...inner.parts);
      whole &&= inner.whole;
    }
  }
  return { whole, parts };
}

/** Returns false for sockets and pipes: they are useless without their process. */
function isKept(entry: Dirent): boolean {
  return entry.isFile() || entry.isDirectory() || entry.isSymbolicLink();
}
