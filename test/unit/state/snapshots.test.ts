import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KEPT } from '../../../src/state/snapshot-layout.js';
import {
  keptName,
  listSnapshots,
  removeKept,
  type Snapshot,
  tryReadSnapshot,
} from '../../../src/state/snapshots.js';
import type { Root } from '../../../src/store/root.js';
import { temporaryDirectory, temporaryRoot, writeTree } from '../../support/place.js';

function keep(root: Root, release: string, at: string, kind: Snapshot['kind'] = 'snapshot'): Snapshot {
  const kept: Snapshot = {
    ...{ schema: 1, name: keptName(release, kind, new Date(at)), kind, release, change: 'c', at },
    ...{ place: { directory: '/state', config: null }, versions: null, files: 1, bytes: 1 },
  };
  const text = JSON.stringify(kept);
  writeTree(join(root.states, kept.name), { [KEPT.record]: text, [`${KEPT.files}/a/b`]: 'x' });
  return kept;
}

test('snapshots are listed by their time, for all releases, and the newest of a release is found', () => {
  const root = temporaryRoot();
  expect(listSnapshots(root)).toEqual([]);
  expect(listSnapshots(root).findLast(({ release }) => release === '2026.6.1')).toBeUndefined();
  const second = keep(root, '2026.5.28', '2026-11-21T20:00:00.001Z', 'displaced');
  const first = keep(root, '2026.6.1', '2026-11-21T19:00:00.000Z');
  const third = keep(root, '2026.6.1', '2026-11-21T21:00:00.000Z', 'displaced');
  expect(listSnapshots(root)).toEqual([first, second, third]);
  expect(second.name).toBe('2026.5.28-displaced-20261121T200000001Z');
  expect(listSnapshots(root).findLast(({ release }) => release === '2026.6.1')).toEqual(third);
});

test('a directory without a record, or with a corrupt or foreign one, is no snapshot', () => {
  const root = temporaryRoot();
  const { name } = keep(root, '2026.6.1', '2026-11-21T19:00:00.000Z');
  const text = readFileSync(join(root.states, name, KEPT.record), 'utf8');
  const half = text.slice(0, 50);
  writeTree(root.states, {
    'copied/state.json': text,
    'cut/state.json': half,
    'none/files/a': '',
    '.scratch/state.json': '',
  });
  const { kept, corrupt } = tryReadSnapshot(root);
  expect(kept.map((one) => one.name)).toEqual([name]);
  expect(corrupt).toEqual([
    { path: join(root.states, 'copied/state.json'), why: `is about ${name}, not copied` },
    { path: join(root.states, 'cut/state.json'), why: 'is not whole JSON' },
  ]);
});

test('a snapshot is removed with its closed directories, and history that has another name keeps its content', () => {
  const root = temporaryRoot();
  const { name } = keep(root, '2026.6.1', '2026-11-21T19:00:00.000Z');
  const live = join(temporaryDirectory(), 'one.jsonl');
  writeFileSync(live, 'said');
  mkdirSync(join(root.states, name, KEPT.history));
  linkSync(live, join(root.states, name, KEPT.history, 'one.jsonl'));
  chmodSync(join(root.states, name, KEPT.files, 'a'), 0o500);
  removeKept(root, name);
  removeKept(root, name);
  expect(readdirSync(root.states)).toEqual([]);
  expect(readdirSync(root.staging)).toEqual([]);
  expect(readFileSync(live, 'utf8')).toBe('said');
});

test.each(['..', '', 'a/b', '../releases', '.hidden', 'a..b'])(
  'nothing is removed for the name %j',
  (name) => {
    const root = temporaryRoot();
    mkdirSync(root.states);
    expect(() => removeKept(root, name)).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(existsSync(root.releases)).toBe(true);
  },
);
