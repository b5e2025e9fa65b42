import { isAboutFile } from '../core/bounded-file.js';
import { systemCode } from '../core/errors.js';
import type { Root } from '../store/root.js';
import { acquireRunLock } from '../store/run-lock.js';
import { readScrub, type Scrubbed, type ScrubFile, writeScrub } from '../store/scrub-record.js';
import { corruptRecords, type PieceFound, type ScrubItem, scrubItems } from './scrub-items.js';

export interface ScrubOptions {
  /** Milliseconds, after which it ends with the file at hand; null for no limit. */
  forMs: number | null;
  /** Milliseconds since 1970: what was compared later is left out. */
  olderThan: number;
  signal?: AbortSignal | undefined;
  onItem?: (name: string) => void;
}

export interface ScrubRun {
  /** Paths below the root that were compared to their end. */
  compared: string[];
  /** Paths that are left, because the time or the caller ended. */
  left: string[];
  damaged: Record<string, Scrubbed>;
}

/** Work that a killed scrub loses, at most, besides the file at hand. */
const WRITE_EVERY_MS = 10_000;

/** Sentences kept about one item: a lost disk has a million. */
const MOST_DAMAGE = 20;

/**
 * Compares kept releases, Nodes, snapshots and records with what they were, those compared longest ago first, and
 * continues where the last scrub stopped. Holds no lock that a change needs: what a change removes or replaces meanwhile
 * is not accused.
 * @returns null beside another scrub
 */
export async function scrub(root: Root, options: ScrubOptions): Promise<ScrubRun | null> {
  const done = acquireRunLock(root, 'scrub');
  if (!done) return null;
  try {
    return await scrubDue(root, options);
  } finally {
    done();
  }
}

async function scrubDue(root: Root, options: ScrubOptions): Promise<ScrubRun> {
  const { forMs, olderThan, signal, onItem } = options;
  const end = forMs === null ? Number.POSITIVE_INFINITY : performance.now() + forMs;
  const isOver = () => performance.now() >= end || signal?.aborted === true;
  const items = scrubItems(root);
  const before = readScrub(root);
  const names = new Set(items.map(({ name }) => name));
  const file: ScrubFile = {
    ...before,
    checked: Object.fromEntries(Object.entries(before.checked).filter(([name]) => names.has(name))),
  };
  const due = dueItems(items, file, olderThan);
  const compared: string[] = [];
  let writtenAt = performance.now();
  for (const item of due) {
    if (isOver()) break;
    onItem?.(item.name);
    if (!(await compareOne(item, file, isOver, items))) break;
    compared.push(item.name);
    if (performance.now() - writtenAt < WRITE_EVERY_MS) continue;
    writeScrub(root, file);
    writtenAt = performance.now();
  }
  if (due.length > 0) writeScrub(root, file);
  const left = due.map(({ name }) => name).filter((name) => !compared.includes(name));
  return { compared, left, damaged: damagedIn(file, items) };
}

/** The comparison that a scrub has begun comes first. */
function dueItems(items: readonly ScrubItem[], file: ScrubFile, olderThan: number): ScrubItem[] {
  const begun = items.find(({ name }) => name === file.cursor?.name);
  const others = items
    .filter((item) => item !== begun && lastChecked(item, file) < olderThan)
    .toSorted((a, b) => lastChecked(a, file) - lastChecked(b, file));
  return begun ? [begun, ...others] : others;
}

/** A time that is still to come is of a clock that was wrong. */
function lastChecked({ name, since }: ScrubItem, { checked }: ScrubFile): number {
  const times = [since, Date.parse(checked[name]?.at ?? '')];
  return Math.max(0, ...times.filter((time) => time <= Date.now()));
}

/** @returns false when the time ended before the item, whose place is in the cursor then */
async function compareOne(
  item: ScrubItem,
  file: ScrubFile,
  isOver: () => boolean,
  items: readonly ScrubItem[],
): Promise<boolean> {
  const { name, releases } = item;
  const begun = file.cursor?.name === name && Date.parse(file.cursor.at) >= item.since ? file.cursor : null;
  const at = begun?.at ?? new Date().toISOString();
  const {
    damage: found,
    next,
    alsoIn = {},
  } = await item.compare({ from: begun?.next ?? 0, isOver }).catch((error): PieceFound => {
    // Most likely it was removed meanwhile.
    if (!isAboutFile(error)) throw error;
    return { damage: [`${name} cannot be read (${systemCode(error)}).`], next: null };
  });
  const damage = [...(begun?.damage ?? []), ...found].slice(0, MOST_DAMAGE);
  file.cursor = next === null ? null : { name, next, at, damage };
  for (const other of items) addDamage(other, file, alsoIn[other.name] ?? []);
  if (next !== null) return false;
  if (item.isStill()) {
    const earlier = file.checked[name];
    const isKnown = earlier?.notifiedAt !== undefined && earlier.damage.join() === damage.join();
    file.checked[name] = { at, damage, releases, ...(isKnown && { notifiedAt: earlier.notifiedAt }) };
  }
  return true;
}

/** Adds damage that was found elsewhere; the rest of the item is as old as it was. */
function addDamage({ name, since, releases }: ScrubItem, file: ScrubFile, damage: string[]): void {
  if (damage.length === 0) return;
  const earlier = file.checked[name];
  const isCurrent = earlier !== undefined && Date.parse(earlier.at) >= since;
  const known = isCurrent ? earlier.damage : [];
  const all = [...new Set([...known, ...damage])].slice(0, MOST_DAMAGE);
  if (all.length === known.length) return;
  // It does not count as compared.
  const at = isCurrent ? earlier.at : new Date(since).toISOString();
  file.checked[name] = { at, damage: all, releases };
}

function damagedIn(file: ScrubFile, items: readonly ScrubItem[]): Record<string, Scrubbed> {
  return Object.fromEntries(
    items.flatMap(({ name, since }) => {
      const found = file.checked[name];
      return found && found.damage.length > 0 && Date.parse(found.at) >= since ? [[name, found]] : [];
    }),
  );
}

/** Damage that the last comparisons found, and nothing has replaced since. */
export function knownDamage(root: Root): Record<string, Scrubbed> {
  const file = readScrub(root);
  const { records, ...others } = damagedIn(file, scrubItems(root));
  const damage = records ? corruptRecords(root) : [];
  return { ...others, ...(records && damage.length > 0 && { records: { ...records, damage } }) };
}

/** Records that the notification about all known damage has arrived. Does nothing beside another scrub. */
export function damageTold(root: Root, at = new Date()): void {
  const done = acquireRunLock(root, 'scrub');
  if (!done) return;
  try {
    const file = readScrub(root);
    for (const found of Object.values(file.checked))
      if (found.damage.length > 0) found.notifiedAt ??= at.toISOString();
    writeScrub(root, file);
  } finally {
    done();
  }
}
