import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { StatePlace } from '../../../../src/state/place.js';
import { measureState } from '../../../../src/state/snapshot/measure.js';
import { type SnapshotRequest, takeSnapshot } from '../../../../src/state/snapshot/snapshot.js';
import { KEPT, readFileList } from '../../../../src/state/snapshot-layout.js';
import { listSnapshots } from '../../../../src/state/snapshots.js';
import { readStateVersions } from '../../../../src/state/versions.js';
import type { Root } from '../../../../src/store/root.js';
import { copyRoot } from '../../../support/damage.js';
import { impatient, sql, sqlAndDie, useDatabase } from '../../../support/database.js';
import { removeDirectory, temporaryDirectory, temporaryRoot, writeTree } from '../../../support/place.js';
import { sqliteNode } from '../../../support/sqlite-node.js';

const node = await sqliteNode();

function makeModel(at: string): void {
  const directory = writeTree(at, {
    'openclaw.json': '{meta:{lastTouchedVersion:"2026.6.1"}}',
    'credentials/a b\nc.json': 'secret',
    'agents/main/sessions/sessions.json': '{}',
    'agents/main/sessions/one.jsonl': '{"n":1}\n',
    'media/large.bin': 'not kept',
    'skills/tool.sh': 'echo',
  });
  chmodSync(join(directory, 'skills/tool.sh'), 0o755);
  utimesSync(join(directory, 'skills/tool.sh'), 1000, 2000.5);
  mkdirSync(join(directory, 'state'));
  const setup = ['PRAGMA journal_mode = WAL', 'PRAGMA user_version = 5', 'CREATE TABLE t (x)'];
  sql(
    node,
    join(directory, 'state/openclaw.sqlite'),
    ...setup,
    "INSERT INTO t VALUES ('closed')",
    'SELECT 1',
  );
  sqlAndDie(
    node,
    join(directory, 'state/killed.sqlite'),
    ...setup,
    "INSERT INTO t VALUES ('killed')",
    'SELECT 1',
  );
}

/** Shared state: processes make two of its files, so it is made once, and every test gets a copy. */
let model: string;

beforeAll(() => {
  model = mkdtempSync(join(tmpdir(), 'openclaw-releases-model-'));
  makeModel(join(model, 'state'));
  return () => removeDirectory(model);
});

function aState(): StatePlace {
  return {
    directory: copyRoot(join(model, 'state'), join(temporaryDirectory('state'), 'state')),
    config: null,
  };
}

function request(place: StatePlace, root: Root = temporaryRoot()): SnapshotRequest & { root: Root } {
  return { root, release: '2026.6.1', scope: 'all', change: 'a-change', place, node };
}

afterEach(() => {
  delete process.env.OPENCLAW_RELEASES_FAULT;
});

test('a snapshot is read back although the clock was set back while it was made', async () => {
  const asked = request(aState());
  vi.useFakeTimers({ toFake: ['Date'] });
  const onProgress = () => vi.setSystemTime(Date.now() - 3_600_000);
  const { kept } = await takeSnapshot({ ...asked, onProgress }).finally(() => vi.useRealTimers());
  expect(listSnapshots(asked.root)).toEqual([kept]);
});

test('a snapshot of the configuration alone has it by its own name, with the version that wrote it', async () => {
  const { directory } = aState();
  writeTree(directory, {
    'conf/mine.json': '{meta:{lastTouchedVersion:"2026.5.1"}}',
    'conf/other.json': '{}',
  });
  const asked = request({ directory, config: null, inside: 'conf/mine.json' });
  const { kept } = await takeSnapshot({ ...asked, scope: 'config' });
  const { entries } = readFileList(join(asked.root.states, kept.name));
  expect(entries.map(({ path }) => path).sort()).toEqual(['conf', 'conf/mine.json', 'openclaw.json']);
  expect(kept.versions?.config).toBe('2026.5.1');
});

test('a snapshot has every file as it was, closed to others, with its digest, and each database whole in one file', async () => {
  const asked = request(aState());
  const { directory } = asked.place;
  const { kept, warnings } = await takeSnapshot(asked);
  expect(warnings).toEqual([]);
  const states = join(asked.root.states, kept.name);
  const files = join(states, KEPT.files);
  const { entries } = readFileList(states);
  const paths = entries.filter(({ kind }) => kind === 'file').map(({ path }) => path);
  expect(paths.sort()).toEqual([
    'agents/main/sessions/sessions.json',
    'credentials/a b\nc.json',
    'openclaw.json',
    'skills/tool.sh',
    'state/killed.sqlite',
    'state/openclaw.sqlite',
  ]);
  for (const entry of entries) {
    const stats = statSync(join(files, entry.path));
    if (entry.kind === 'directory') expect([entry.path, stats.mode & 0o777]).toEqual([entry.path, 0o700]);
    if (entry.kind !== 'file') continue;
    const bytes = readFileSync(join(files, entry.path));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(entry).toMatchObject({ size: bytes.length, sha256 });
    if (!entry.path.endsWith('.sqlite')) expect(bytes).toEqual(readFileSync(join(directory, entry.path)));
    expect(entry.mode).toBe(statSync(join(directory, entry.path)).mode & 0o7777);
    expect(stats.mode & 0o777).toBe(entry.path === 'skills/tool.sh' ? 0o700 : 0o600);
  }
  expect(statSync(join(files, 'skills/tool.sh')).mtimeMs).toBe(2_000_500);
  expect(readdirSync(join(files, 'state')).sort()).toEqual(['killed.sqlite', 'openclaw.sqlite']);
  expect(sql(node, join(files, 'state/killed.sqlite'), 'SELECT x FROM t')).toEqual({ x: 'killed' });
  expect(sql(node, join(files, 'state/openclaw.sqlite'), 'SELECT x FROM t')).toEqual({ x: 'closed' });
});

test('a snapshot records its time and its versions, as they are read from the state', async () => {
  const asked = request(aState());
  const versions = await readStateVersions(asked.place, node);
  const before = new Date().toISOString();
  const { kept } = await takeSnapshot(asked);
  expect(kept).toMatchObject({
    kind: 'snapshot',
    release: '2026.6.1',
    change: 'a-change',
    versions,
    files: 6,
  });
  expect(kept.versions).toEqual({
    databases: { 'state/killed.sqlite': 5, 'state/openclaw.sqlite': 5 },
    config: '2026.6.1',
  });
  expect(kept.at >= before && kept.at <= new Date().toISOString()).toBe(true);
  expect(listSnapshots(asked.root)).toEqual([kept]);
  expect(listSnapshots(asked.root).findLast(({ release }) => release === '2026.6.1')).toEqual(kept);
  expect(listSnapshots(asked.root).findLast(({ release }) => release === '2026.7.1')).toBeUndefined();
  expect(readdirSync(asked.root.staging)).toEqual([]);
  expect(measureState(asked.place)).toMatchObject({ files: 6, historyFiles: 1, refused: [], warnings: [] });
});

test('history is copied, since OpenClaw refuses to migrate a transcript with a second name; excluded files are not', async () => {
  const asked = request(aState());
  const { kept } = await takeSnapshot(asked);
  const states = join(asked.root.states, kept.name);
  const one = 'agents/main/sessions/one.jsonl';
  const [copy, live] = [join(states, KEPT.history, one), join(asked.place.directory, one)];
  expect(readFileSync(copy)).toEqual(readFileSync(live));
  expect(statSync(copy)).toMatchObject({ nlink: 1, mode: statSync(live).mode });
  expect(statSync(live).nlink).toBe(1);
  expect(existsSync(join(states, KEPT.files, one))).toBe(false);
  expect(existsSync(join(states, KEPT.files, 'media'))).toBe(false);
});

test('a configuration that lies elsewhere is copied, too', async () => {
  const state = aState();
  const config = join(
    writeTree(temporaryDirectory(), { 'mine.json': '{meta:{lastTouchedVersion:"9"}}' }),
    'mine.json',
  );
  const asked = request({ ...state, config });
  const { kept } = await takeSnapshot(asked);
  const states = join(asked.root.states, kept.name);
  expect(readFileSync(join(states, KEPT.config), 'utf8')).toBe(readFileSync(config, 'utf8'));
  expect(readFileList(states).config).toMatchObject({ size: statSync(config).size });
  expect(kept).toMatchObject({ versions: { config: '9' }, files: 7 });
});

test('every database is of one moment, however often it is written meanwhile', async () => {
  const asked = request(aState());
  const database = 'state/busy.sqlite';
  sql(node, join(asked.place.directory, database), 'PRAGMA journal_mode = WAL', 'SELECT 1');
  await useDatabase(node, 'writer', join(asked.place.directory, database));
  const last = () =>
    Number(sql(node, join(asked.place.directory, database), 'SELECT max(n) AS n FROM pair')?.n);
  for (let round = 0; round < 2; round++) {
    const before = last();
    const { kept } = await takeSnapshot(asked);
    const copy = join(asked.root.states, kept.name, KEPT.files, database);
    const pair = sql(node, copy, 'SELECT min(n) AS low, max(n) AS high FROM pair');
    expect(pair?.low).toBe(pair?.high);
    expect(Number(pair?.low)).toBeGreaterThanOrEqual(before);
    expect(last()).toBeGreaterThan(Number(pair?.low));
  }
});

test('a database that is locked against readers is named with the process that locks it, and nothing is kept', async () => {
  const asked = request(aState());
  const database = join(asked.place.directory, 'state/openclaw.sqlite');
  const pid = await useDatabase(node, 'holder', database);
  await expect(takeSnapshot({ ...asked, node: impatient(node) })).rejects.toMatchObject({
    code: 'snapshot_failed',
    message: expect.stringContaining(`${database} is locked by process ${pid} (`),
  });
  expect(readdirSync(asked.root.states)).toEqual([]);
  expect(readdirSync(asked.root.staging)).toEqual([]);
});

test.each(['before sync', 'before write state.json', 'after write state.json', 'before rename snapshot'])(
  'when the disk is full %s, no snapshot is kept and nothing is left over',
  async (point) => {
    const asked = request(aState());
    process.env.OPENCLAW_RELEASES_FAULT = `ENOSPC ${point}`;
    await expect(takeSnapshot(asked)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(readdirSync(asked.root.states)).toEqual([]);
    expect(readdirSync(asked.root.staging)).toEqual([]);
  },
);

test('a snapshot reports its progress, which never decreases', async () => {
  const asked = request(aState());
  for (const name of ['b', 'c']) {
    const fill = 'INSERT INTO t VALUES (zeroblob(300000))';
    const database = join(asked.place.directory, `state/${name}.sqlite`);
    sqlAndDie(node, database, 'PRAGMA journal_mode = WAL', 'CREATE TABLE t (x)', fill, 'SELECT 1');
  }
  const told: number[] = [];
  const totals = new Set<number>();
  const onProgress = (done: number, total: number) => {
    told.push(done);
    totals.add(total);
  };
  await takeSnapshot({ ...asked, onProgress });
  expect(told).toEqual([...told].sort((a, b) => a - b));
  expect([...totals]).toEqual([measureState(asked.place).bytes]);
  expect(told.at(-1)).toBeGreaterThan(600_000);
});

test('a snapshot can be stopped while it copies, and nothing is left over', async () => {
  const asked = request(aState());
  const controller = new AbortController();
  const onProgress = () => controller.abort();
  const stopped = takeSnapshot({ ...asked, signal: controller.signal, onProgress });
  await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
  expect(readdirSync(asked.root.states)).toEqual([]);
  expect(readdirSync(asked.root.staging)).toEqual([]);
});
