import { type FSWatcher, watch } from 'node:fs';
import type { Change } from '../ledger/ledger.js';
import { changeIds, tryReadChange } from '../store/change-files.js';
import type { Root } from '../store/root.js';

/** A ledger is rewritten several times at one transition. */
const TOGETHER_MS = 50;

/**
 * Tells of each transition of a change, and costs nothing while none is made: the kernel says when a file below
 * `changes/` is replaced. Without that directory there is nothing to watch.
 * @returns how to end it
 */
export function watchChanges(root: Root, tell: (change: Change) => void): () => void {
  const touched = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    timer = undefined;
    const ids = [...touched];
    touched.clear();
    for (const id of ids) {
      const found = tryReadChange(root, id);
      if (found.state === 'read') tell(found.value as Change);
    }
  };
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(root.changes, { persistent: false }, (_, name) => {
      const id = name?.match(/^([^.].*)\.json$/)?.[1];
      // Where the kernel does not say which one it was, it was the newest.
      const newest = id ?? changeIds(root).at(-1);
      if (newest === undefined) return;
      touched.add(newest);
      timer ??= setTimeout(flush, TOGETHER_MS).unref();
    });
    watcher.on('error', () => watcher?.close());
  } catch {
    // No directory, or no watch left: the page and the methods read the files in any case.
  }
  return () => {
    watcher?.close();
    clearTimeout(timer);
  };
}
