import {
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from 'vitest';
import { recordText } from '../../src/core/record.js';
import { digestFile } from '../../src/host/digest.js';
import { requireIntact } from '../../src/rollback/plan.js';
import { knownDamage, scrub } from '../../src/rollback/scrub.js';
import { corruptRecords } from '../../src/rollback/scrub-items.js';
import { type Entry, writeFileList } from '../../src/state/snapshot-layout.js';
import { listSnapshots, type Snapshot } from '../../src/state/snapshots.js';
import { requireUndamaged } from '../../src/store/damage.js';
import { listReleases, releaseDirectory } from '../../src/store/manifest.js';
import { setSchedule } from '../../src/store/policy.js';
import type { Root } from '../../src/store/root.js';
import { readTimerState, writeAuto } from '../../src/store/timer-state.js';
import { pick, type Random } from '../torture/random.js';
import { CURRENT, modelIn, OLD } from './model-root.js';
import { temporaryDirectory, writeTree } from './place.js';

/** A root with releases that share files, a Node, a snapshot with history, and records. */
export async function rootToFlip(): Promise<Root> {
  const root = (await modelIn(temporaryDirectory('flips'))).copy();
  share(root, 'package-lock.json');
  addSnapshot(root);
  setSchedule(root, { drillDays: 7 });
  writeAuto(root, readTimerState(root));
  return root;
}

/** Gives a file of the oldest release to the next one, which has the same bytes there. */
function share(root: Root, name: string): void {
  const [from, to] = [OLD, CURRENT].map((id) => join(releaseDirectory(root, id), name)) as [string, string];
  expect(digestFile(to)).toEqual(digestFile(from));
  chmodSync(dirname(to), 0o755);
  rmSync(to);
  linkSync(from, to);
  chmodSync(dirname(to), 0o555);
}

function addSnapshot(root: Root): void {
  const name = `${OLD}-snapshot-20261121T101010`;
  const kept = join(root.states, name);
  mkdirSync(join(kept, 'files'), { recursive: true });
  writeTree(kept, {
    'files/openclaw.json': '{ "gateway": { "port": 18789 } }\n',
    'files/credentials/token': 'secret',
    'files/link': '-> credentials/token',
    'history/agents/main/sessions/a.jsonl': '{"role":"user"}\n{"role":"assistant"}\n',
    config: '{}\n',
  });
  const copied = (path: string) => ({
    path,
    kind: 'file' as const,
    mode: 0o600,
    ...digestFile(join(kept, 'files', path)),
  });
  const entries: Entry[] = [
    { path: 'credentials', kind: 'directory', mode: 0o700 },
    copied('credentials/token'),
    { path: 'link', kind: 'link', target: 'credentials/token' },
    copied('openclaw.json'),
  ];
  const history = 'agents/main/sessions/a.jsonl';
  writeFileList(kept, {
    schema: 1,
    entries,
    config: { mode: 0o600, ...digestFile(join(kept, 'config')) },
    history: [{ path: history, kind: 'file', mode: 0o600, ...digestFile(join(kept, 'history', history)) }],
  });
  const record: Snapshot = {
    ...{ schema: 1, name, kind: 'snapshot', release: OLD, change: 'a-change' },
    ...{
      at: '2026-11-21T10:10:10.000Z',
      place: { directory: '/home/me/.openclaw', config: '/etc/openclaw.json' },
    },
    ...{ files: 4, bytes: 50, versions: { databases: {}, config: OLD } },
  };
  writeFileSync(join(kept, 'state.json'), recordText(record), { mode: 0o600 });
}

/** Files that hold something kept; not what nobody reads again, such as locks. */
function filesOf(root: Root): string[] {
  const trees = ['releases', 'runtimes', 'states', 'changes'].map((name) => join(root.path, name));
  const inTrees = trees.flatMap((tree) =>
    readdirSync(tree, { recursive: true, withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? join(entry.parentPath, entry.name) : [],
    ),
  );
  return [...inTrees, root.policy, root.auto].filter((path) => lstatSync(path).size > 0).sort();
}

/** Flips one bit; the second time it is as before. The times of the file stay. */
function flip(path: string, offset: number, bit: number): void {
  const { mode, atime, mtime } = lstatSync(path);
  chmodSync(path, 0o600);
  const fd = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, offset);
  byte[0] = (byte[0] ?? 0) ^ (1 << bit);
  writeSync(fd, byte, 0, 1, offset);
  closeSync(fd);
  chmodSync(path, mode);
  utimesSync(path, atime, mtime);
}

/** Names of what a scrub must accuse. */
function itemsOf(root: Root, path: string): string[] {
  const { ino } = lstatSync(join(root.path, path));
  const [top, release = '', ...names] = path.split('/');
  if (top !== 'releases') return [itemOf(path)];
  const same = listReleases(root).releases.filter(({ id }) => {
    const stats = lstatSync(join(releaseDirectory(root, id), ...names), { throwIfNoEntry: false });
    return id !== release && stats?.ino === ino;
  });
  return [itemOf(path), ...same.map(({ id }) => `releases/${id}`)];
}

function itemOf(path: string): string {
  const [top = '', name, file] = path.split('/');
  const isRecord =
    !['releases', 'runtimes', 'states'].includes(top) || ['release.json', 'state.json'].includes(file ?? '');
  return isRecord ? 'records' : `${top}/${name}`;
}

export interface Flips {
  flipped: number;
  /** In the name of a checksum's line: the record says the same, and has no checksum. */
  meaningless: number;
  /** By what was accused. */
  found: Record<string, number>;
  unseen: string[];
  accused: string[];
  served: string[];
}

/** Flips one bit after the other, and looks for each with a scrub and with all that would serve it. */
export async function flipBits(root: Root, many: number, random: Random): Promise<Flips> {
  const tally: Flips = { flipped: many, meaningless: 0, found: {}, unseen: [], accused: [], served: [] };
  const files = filesOf(root);
  for (let count = 0; count < many; count++) {
    const path = pick(random, files);
    const offset = Math.floor(random() * lstatSync(path).size);
    const bit = Math.floor(random() * 8);
    const name = relative(root.path, path);
    const what = `${name} byte ${offset} bit ${bit}`;
    flip(path, offset, bit);
    const run = await scrub(root, { forMs: null, olderThan: Number.POSITIVE_INFINITY });
    const damaged = Object.keys(run?.damaged ?? {});
    const items = itemsOf(root, name);
    const item = items.join(' and ');
    if (items.every((one) => damaged.includes(one))) tally.found[item] = (tally.found[item] ?? 0) + 1;
    else if (path.endsWith('.json') && isMeaningless(path)) tally.meaningless++;
    else tally.unseen.push(what);
    tally.accused.push(
      ...damaged.filter((other) => !items.includes(other)).map((other) => `${other} for ${what}`),
    );
    if (damaged.length > 0 && (await isServed(root, name))) tally.served.push(what);
    flip(path, offset, bit);
  }
  return tally;
}

/** The record says the same: what flipped is in the name of its last line, and it has no checksum now. */
function isMeaningless(path: string): boolean {
  return /"(?!checksum")[^"]{8}": "[0-9a-f]{8}"\n?\}\n$/.test(readFileSync(path, 'utf8'));
}

/** True when a rollback would use what was flipped. */
async function isServed(root: Root, name: string): Promise<boolean> {
  const [top, id] = name.split('/');
  if (top === 'releases' || top === 'runtimes') {
    const manifests = listReleases(root).releases.filter((one) => top === 'runtimes' || one.id === id);
    const isKnown = Object.values(knownDamage(root)).some(({ releases }) =>
      manifests.some((one) => releases.includes(one.id)),
    );
    const fails = await Promise.all(
      manifests.map((one) =>
        requireUndamaged(root, one).then(
          () => false,
          () => true,
        ),
      ),
    );
    return manifests.length > 0 && !(isKnown && fails.every(Boolean));
  }
  if (top !== 'states') return corruptRecords(root).length === 0;
  // History is moved in only where it is missing, and a state is restored without it.
  if (name.includes('/history/')) return false;
  try {
    for (const kept of listSnapshots(root)) requireIntact(root, kept);
    return listSnapshots(root).length > 0;
  } catch {
    return false;
  }
}
