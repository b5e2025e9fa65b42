import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let directory: string | undefined;

/** Returns the absolute path of a file of this package by its relative one: `layout/bin/rescue`. */
export function ownFile(path: string): string {
  directory ??= packageDirectory();
  return join(directory, path);
}

/** Searches upwards, because the build joins modules into files at other depths: see `build/bundle-cli.js`. */
function packageDirectory(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(at, 'package.json')) && at !== dirname(at)) at = dirname(at);
  return at;
}
