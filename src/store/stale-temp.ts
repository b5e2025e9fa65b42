import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { identify } from '../host/process.js';
import { directoryNames } from './manifest.js';
import type { Root } from './root.js';

/** Temporary names of `host/durable.ts` and the launcher; both contain the pid of the writer. */
const TEMPORARY = /^\..+\.(\d+)(?:-[0-9a-f]+\.tmp)?$/;

export function removeLeftovers(root: Root): void {
  const { path, bin, plugin, changes, requests, lockfiles } = root;
  for (const directory of [path, bin, plugin, changes, requests, lockfiles]) {
    for (const name of directoryNames(directory)) {
      const pid = TEMPORARY.exec(name)?.[1];
      if (pid !== undefined && identify(Number(pid)) === null) rmSync(join(directory, name), { force: true });
    }
  }
}
