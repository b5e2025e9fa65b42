import type { Corrupt } from '../core/record.js';
import { type Ledger, tryReadLedger } from '../ledger/ledger.js';
import { findCorrupt } from '../store/corrupt.js';
import type { Root } from '../store/root.js';

/** Drops the corrupt content: only path and reason are printed. */
export function corruptFiles(
  root: Root,
  ledger: Pick<Ledger, 'corrupt'> = tryReadLedger(root),
  releases?: string[],
): Corrupt[] {
  const found = findCorrupt(root, ledger.corrupt, releases);
  return found.map(({ path, why }) => ({ path, why }));
}
