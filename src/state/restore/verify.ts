import { join } from 'node:path';
import { compareListed, type Listed, type ListedTree, type TreeDifference } from '../../host/listed-tree.js';
import { type Entry, KEPT, readFileList } from '../snapshot-layout.js';

/** Not compared: the record and the list are written last. */
const OUTSIDE = [KEPT.record, KEPT.list];

/**
 * A snapshot as a tree with a list.
 * @param history includes what only protects history; a state is restored without it
 * @throws UnusableFile for a corrupt list
 */
export function treeOfSnapshot(kept: string, history = false): ListedTree {
  const { entries, config, history: protectedHistory } = readFileList(kept);
  const isListed = history && protectedHistory !== undefined;
  const below =
    (directory: string) =>
    (entry: Entry): Listed => ({ ...entry, path: `${directory}/${entry.path}` });
  return {
    directory: kept,
    list: [
      { path: KEPT.files, kind: 'directory' },
      ...entries.map(below(KEPT.files)),
      ...(config ? [{ ...config, kind: 'file' as const, path: KEPT.config }] : []),
      ...(isListed ? protectedHistory.map(below(KEPT.history)) : []),
    ],
    outside: new Set([...OUTSIDE, ...(config ? [] : [KEPT.config]), ...(isListed ? [] : [KEPT.history])]),
    largest: 0,
    // Those of the history are made as its files need them.
    directories: !isListed,
  };
}

/** Reason why a snapshot differs from its file list, naming the first bad file; null when intact. Reads all of it. */
export function whyNotIntact(kept: string): string | null {
  let tree: ListedTree;
  try {
    tree = treeOfSnapshot(kept);
  } catch {
    return `${join(kept, KEPT.list)} cannot be read, so nothing tells whether ${kept} is what was kept.`;
  }
  for (const difference of compareListed(tree)) if (difference) return differenceText(kept, difference);
  return null;
}

/** One sentence. */
export function differenceText(kept: string, { path, kind }: TreeDifference): string {
  const at = join(kept, path);
  return kind === 'added' ? `${at} was not there when ${kept} was kept.` : `${at} is not what was kept.`;
}
