import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Code } from '../state/restore/restore.js';
import { endTrial, pointCurrent, readTrial } from '../store/links.js';
import { MANIFEST_FILE, releaseDirectory } from '../store/manifest.js';
import type { Root } from '../store/root.js';

export function restoreCode(root: Root): Code {
  return {
    // Applies the launcher's own test.
    whyNotCurrent(release) {
      const missing = [MANIFEST_FILE, 'node', 'main'].find(
        (name) => !existsSync(join(releaseDirectory(root, release), name)),
      );
      return missing === undefined ? null : `${release} cannot be started: it has no ${missing}.`;
    },
    // Keeps a trial of this release: a rollback has just begun it.
    makeCurrent(release) {
      pointCurrent(root, release);
      const trial = readTrial(root);
      if (trial !== null && trial.id !== release) endTrial(root);
    },
  };
}
