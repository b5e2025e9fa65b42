import { type FSWatcher, watch } from 'node:fs';
import type { Change } from '../ledger/ledger.js';
import { changeIds, tryReadChange } from '../store/change-files.js';
import type { Root } from '../store/root.js';

/** Milliseconds; one transition rewrites a ledger several times. */
const TOGETHER_MS = 50;

/** Reports transitions of changes as the kernel reports replaced files; without `changes/` nothing is watched. */
export function watchChanges(root: Root, tell: (change: Change) => void): () => void {
  const touched = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    timer = undefined;
    const ids = [...touched];
    touched.clear();
    for (const id of ids) {
      const found = tryReadChange(root, id);
      if (found.state === 'ok') tell(found.value as Change);
    }
  };
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(root.changes, { persistent: false }, (_, name) => {
      const id = name?.match(/^([^.].*)\.json$/)?.[1];
      // The kernel may omit the name; the newest change is then the likely one.
      const newest = id ?? changeIds(root).at(-1);
      if (newest === undefined) return;
      touched.add(newest);
      timer ??= setTimeout(flush, TOGETHER_MS).unref();
    });
    watcher.on('error', () => watcher?.close());
  } catch {
    // No directory or no watch left; the page and the methods read the files in any case.
  }
  return () => {
    watcher?.close();
    clearTimeout(timer);
  };
}
