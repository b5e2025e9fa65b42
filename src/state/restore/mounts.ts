import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { isWithin } from '../place.js';

/** Mount points below a directory, relative to it: no rename moves them. */
export function mountsBelow(directory: string): string[] {
  return mountPoints()
    .filter((path) => isWithin(path, directory))
    .map((path) => relative(directory, path));
}

function mountPoints(): string[] {
  let table: string;
  try {
    table = readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    // Not Linux.
    return [];
  }
  return table.split('\n').flatMap((line) => {
    const path = line.split(' ')[4];
    // The kernel writes spaces and line breaks as octal numbers.
    return path
      ? [path.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))]
      : [];
  });
}
