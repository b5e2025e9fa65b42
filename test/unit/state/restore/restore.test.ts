import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test, vi } from 'vitest';
import { holdersOf } from '../../../../src/host/open-files.js';
import { type Code, finishRestore } from '../../../../src/state/restore/restore.js';
import {
  cancelRestore,
  lastRestore,
  type Restore,
  requestRestore,
} from '../../../../src/state/restore-records.js';
import { takeSnapshot } from '../../../../src/state/snapshot/snapshot.js';
import { pointCurrent } from '../../../../src/store/links.js';
import { sql } from '../../../support/database.js';
import {
  ASIDE,
  contentOf,
  LEFT,
  lookBefore,
  makePair,
  NEW,
  OLD,
  OLD_STATE,
  type Pair,
  SNAPSHOT,
  whatIsWrong,
} from '../../../support/pair.js';
import { temporaryDirectory, until, writeTree } from '../../../support/place.js';
import { sqliteNode } from '../../../support/sqlite-node.js';

const pairIn = (name = 'exchange'): Pair => makePair(temporaryDirectory(name));

const codeOf = ({ root }: Pair): Code => ({
  whyNotCurrent: () => null,
  makeCurrent: (release) => pointCurrent(root, release),
});

const finish = (pair: Pair) => finishRestore(pair.root, codeOf(pair));

/** Contents below the state directory and below `states/`. */
const allOf = ({ root, state }: Pair) => ({ ...contentOf(state), ...contentOf(root.states) });

function ask(pair: Pair, changes: Partial<Restore>): void {
  requestRestore(pair.root, { ...pair.restore, ...changes });
}

describe('an exchange of the state', () => {
  test('restores the snapshot, keeps the displaced state, and touches nothing else', async () => {
    const pair = pairIn();
    const before = lookBefore(pair);
    const done = await finish(pair);
    expect(whatIsWrong(pair, before)).toEqual([]);
    expect(done).toMatchObject({ restored: true, from: SNAPSHOT, aside: ASIDE, release: OLD, warnings: [] });
    expect(lastRestore(pair.root)).toEqual(done);
  });

  test('records the release and the versions of a displaced state', async () => {
    const pair = pairIn();
    await finish(pair);
    const kept = JSON.parse(readFileSync(join(pair.root.states, ASIDE, 'state.json'), 'utf8'));
    expect(kept).toMatchObject({
      kind: 'displaced',
      release: NEW,
      versions: {
        config: NEW,
        databases: { 'state/openclaw.sqlite': 18, 'agents/main/agent/openclaw-agent.sqlite': 23 },
      },
    });
  });

  test('restores a real snapshot, modes and links included', async () => {
    const pair = pairIn();
    rmSync(join(pair.root.states, SNAPSHOT), { recursive: true });
    const place = { directory: pair.state, config: null };
    const node = await sqliteNode();
    // Headers only, which SQLite does not copy.
    for (const path of Object.keys(contentOf(pair.state, 'state')))
      if (path.includes('sqlite')) rmSync(join(pair.state, path));
    sql(
      node,
      join(pair.state, 'real.sqlite'),
      'PRAGMA journal_mode = WAL',
      'CREATE TABLE t (x)',
      'PRAGMA user_version = 7',
      'SELECT 1',
    );
    chmodSync(join(pair.state, 'credentials/more'), 0o640);
    const before = contentOf(pair.state, 'state');
    const { kept } = await takeSnapshot({ root: pair.root, release: OLD, change: 'c', place, node });
    sql(node, join(pair.state, 'real.sqlite'), 'PRAGMA user_version = 8', 'SELECT 1');
    writeTree(pair.state, { 'credentials/more': 'changed', 'credentials/even more': 'new' });
    ask(pair, { from: kept.name });
    expect(await finish(pair)).toMatchObject({ restored: true });
    const after = contentOf(pair.state, 'state');
    // Copies of a database need not have the same bytes.
    expect({ ...after, 'real.sqlite': '' }).toEqual({ ...before, 'real.sqlite': '' });
    expect(sql(node, join(pair.state, 'real.sqlite'), 'PRAGMA user_version')).toEqual({ user_version: 7 });
  });

  test('rolls forward to a displaced state, and keeps what came meanwhile', async () => {
    const pair = pairIn();
    const { newState } = lookBefore(pair);
    await finish(pair);
    writeTree(pair.state, { 'credentials/token2': 'of the old one' });
    const old = contentOf(pair.state, 'state');
    ask(pair, { release: NEW, from: ASIDE, aside: { name: 'forward', release: OLD } });
    expect(await finish(pair)).toMatchObject({ restored: true, aside: 'forward' });
    expect(contentOf(pair.state, 'state')).toEqual(newState);
    expect(contentOf(join(pair.root.states, 'forward/files'))).toEqual(old);
    expect(contentOf(pair.state, 'history')).toHaveProperty(['agents/main/sessions/a.jsonl']);
  });

  test('does nothing without a request', async () => {
    const pair = pairIn();
    expect(cancelRestore(pair.root)).toBe(true);
    const before = allOf(pair);
    expect(await finish(pair)).toBeNull();
    expect(allOf(pair)).toEqual(before);
  });

  test('moves nothing when the requested snapshot was never made, and makes the release current', async () => {
    const pair = pairIn();
    ask(pair, { from: 'never-made' });
    const before = allOf(pair);
    expect(await finish(pair)).toMatchObject({ restored: false, aside: null, release: OLD });
    expect(allOf(pair)).toEqual(before);
    expect(existsSync(pair.root.restore)).toBe(false);
  });

  test('moves nothing when the versions are still those of the snapshot', async () => {
    const pair = pairIn();
    rmSync(pair.state, { recursive: true });
    writeTree(pair.state, { ...OLD_STATE, ...LEFT, 'credentials/new': 'since then' });
    const before = allOf(pair);
    expect(await finish(pair)).toMatchObject({ restored: false, aside: null });
    expect(allOf(pair)).toEqual(before);
  });

  test('moves everything with unchanged versions, too, when onlyIfChanged is off', async () => {
    const pair = pairIn();
    rmSync(pair.state, { recursive: true });
    writeTree(pair.state, { ...OLD_STATE, 'credentials/new': 'since then' });
    ask(pair, { onlyIfChanged: false });
    expect(await finish(pair)).toMatchObject({ restored: true, aside: ASIDE });
    expect(existsSync(join(pair.state, 'credentials/new'))).toBe(false);
  });

  test('keeps files that a process recreates in the middle of it apart from the state', async () => {
    const pair = pairIn();
    const before = lookBefore(pair);
    ask(pair, { phase: 'displacing', left: [] });
    writeTree(join(pair.root.states, ASIDE, 'files'), { 'credentials/more': 'displaced before' });
    await finish(pair);
    const aside = contentOf(join(pair.root.states, ASIDE));
    expect(aside['files/credentials/more']).toBe(before.newState['credentials/more']);
    expect(aside['in-the-way/credentials/more']).toBe('displaced before');
    expect(contentOf(pair.state, 'state')).toEqual(before.oldState);
  });

  test('moves a file out of the way that a process makes at a needed path in the middle of it', async () => {
    const pair = pairIn();
    const before = lookBefore(pair);
    const kept = join(pair.root.states, ASIDE, 'files');
    mkdirSync(dirname(kept));
    cpSync(pair.state, kept, { recursive: true });
    ask(pair, { phase: 'putting-back', left: [] });
    writeTree(pair.state, { 'credentials/token': 'made anew' });
    await finish(pair);
    expect(contentOf(join(pair.root.states, ASIDE))).toMatchObject({
      'in-the-way/credentials/token': 'made anew',
    });
    expect(contentOf(pair.state, 'state')).toEqual(before.oldState);
  });

  test('leaves a file that a process makes in the middle of it at a path that is not needed', async () => {
    const pair = pairIn();
    const kept = join(pair.root.states, ASIDE, 'files');
    mkdirSync(dirname(kept));
    cpSync(pair.state, kept, { recursive: true });
    ask(pair, { phase: 'putting-back', left: [] });
    writeTree(pair.state, { 'credentials/other': 'made anew' });
    await finish(pair);
    expect(contentOf(pair.state)).toMatchObject({ 'credentials/other': 'made anew' });
  });

  test('keeps a transcript that differs from the live one with the displaced state', async () => {
    const pair = pairIn();
    writeTree(pair.state, { 'agents/main/sessions/a.jsonl': 'rewritten\n' });
    await finish(pair);
    expect(contentOf(pair.state, 'history')).toMatchObject({ 'agents/main/sessions/a.jsonl': 'rewritten\n' });
    expect(contentOf(join(pair.root.states, ASIDE, 'history'))).toEqual({
      'agents/main/sessions/a.jsonl': 'a said\n',
    });
  });

  test('leaves a longer transcript that contains the kept one', async () => {
    const pair = pairIn();
    writeTree(pair.state, { 'agents/main/sessions/a.jsonl': 'a said\nand b\n' });
    await finish(pair);
    expect(contentOf(pair.state, 'history')).toMatchObject({
      'agents/main/sessions/a.jsonl': 'a said\nand b\n',
    });
    expect(existsSync(join(pair.root.states, ASIDE, 'history'))).toBe(false);
  });

  test('exchanges a configuration file outside of the state directory', async () => {
    const pair = pairIn();
    const config = join(pair.root.path, '..', 'outside.json');
    writeFileSync(config, 'new', { mode: 0o640 });
    writeFileSync(join(pair.root.states, SNAPSHOT, 'config'), 'old', { mode: 0o600 });
    ask(pair, { place: { directory: pair.state, config } });
    await finish(pair);
    expect(readFileSync(config, 'utf8')).toBe('old');
    expect(contentOf(join(pair.root.states, ASIDE)).config).toBe('640 new');
  });

  test('leaves workspaces in the state directory that the configuration names', async () => {
    const pair = pairIn();
    const config = join(pair.state, 'openclaw.json');
    const workspace = { agents: { defaults: { workspace: join(pair.state, 'mine') } } };
    writeFileSync(config, JSON.stringify({ meta: { lastTouchedVersion: NEW }, ...workspace }));
    writeTree(pair.state, { 'mine/work.md': 'work' });
    await finish(pair);
    expect(readFileSync(join(pair.state, 'mine/work.md'), 'utf8')).toBe('work');
  });

  test('leaves a root that lies in the state directory', async () => {
    const pair = makePair(temporaryDirectory('exchange'), 'the state/our root');
    const releases = contentOf(pair.root.releases);
    expect(await finish(pair)).toMatchObject({ restored: true });
    expect(contentOf(pair.root.releases)).toEqual(releases);
    expect(readFileSync(join(pair.state, 'identity/device.json'), 'utf8')).toBe('the device');
  });

  test('has a report although the clock was set back meanwhile', async () => {
    const pair = pairIn();
    vi.useFakeTimers({ toFake: ['Date'] });
    const back = () => void vi.setSystemTime(Date.now() - 3_600_000);
    const done = await finishRestore(pair.root, { ...codeOf(pair), makeCurrent: back });
    vi.useRealTimers();
    expect(lastRestore(pair.root)).toEqual(done);
  });

  test('restores a configuration that has another name in the state directory', async () => {
    const pair = pairIn();
    const inside = 'conf/mine.json';
    const written = (version: string) => `{ meta: { lastTouchedVersion: '${version}' } }`;
    writeTree(pair.state, { [inside]: written(OLD), 'conf/other.json': 'stays' });
    const place = { directory: pair.state, config: null, inside };
    const about = { root: pair.root, release: OLD, change: 'a-change', place };
    const { kept } = await takeSnapshot({ ...about, scope: 'config', node: await sqliteNode() });
    writeFileSync(join(pair.state, inside), written(NEW));
    ask(pair, { from: kept.name, place, onlyIfChanged: true });
    expect(await finish(pair)).toMatchObject({ restored: true });
    expect(readFileSync(join(pair.state, inside), 'utf8')).toBe(written(OLD));
    expect(readFileSync(join(pair.state, 'conf/other.json'), 'utf8')).toBe('stays');
  });

  test('waits a while for a process that has a database open, then names it', async () => {
    const pair = pairIn();
    const database = join(pair.state, 'state/openclaw.sqlite');
    const holder = execa('tail', ['-f', database], { buffer: false, reject: false });
    try {
      await until('it has the database open', () => holdersOf(database).length > 0);
      vi.useFakeTimers({ toFake: ['Date', 'setTimeout'] });
      const finishing = finish(pair);
      // Looks in between read the open files of all processes: one look before that time is over, and one after it.
      vi.setSystemTime(Date.now() + 10_000);
      await vi.advanceTimersByTimeAsync(100);
      vi.useRealTimers();
      const done = await finishing;
      expect(done?.restored).toBe(true);
      expect(done?.warnings.join()).toMatch(
        new RegExp(`^Process ${holder.pid} \\(tail -f .* still had ${database} open`),
      );
    } finally {
      vi.useRealTimers();
      holder.kill();
      await holder;
    }
  });
});

describe('an exchange that cannot be made moves nothing, and reports', () => {
  const CASES: [string, RegExp, (pair: Pair) => void][] = [
    [
      'that a file of the snapshot was changed',
      /files\/credentials\/token is not what was kept/,
      ({ root }) => writeFileSync(join(root.states, SNAPSHOT, 'files/credentials/token'), 'secreT'),
    ],
    [
      'that a file of the snapshot is missing',
      /files\/tasks\/queue\/next\.json is not what was kept/,
      ({ root }) => rmSync(join(root.states, SNAPSHOT, 'files/tasks/queue/next.json')),
    ],
    [
      'that the snapshot has a file too many',
      /files\/stranger was not there/,
      ({ root }) => writeFileSync(join(root.states, SNAPSHOT, 'files/stranger'), ''),
    ],
    [
      'that the list of the snapshot is gone',
      /files\.json cannot be read/,
      ({ root }) => rmSync(join(root.states, SNAPSHOT, 'files.json')),
    ],
    ...['{}', '[]', '{"schema":1,"entries":[{"path":"../x","kind":"directory","mode":0}],"config":null}'].map(
      (text): (typeof CASES)[number] => [
        `that the list of the snapshot has another shape: ${text}`,
        /files\.json cannot be read/,
        ({ root }) => writeFileSync(join(root.states, SNAPSHOT, 'files.json'), text),
      ],
    ),
    [
      'that the snapshot does not say what it is',
      /state\.json is empty/,
      ({ root }) => writeFileSync(join(root.states, SNAPSHOT, 'state.json'), ''),
    ],
    [
      'that the name is taken',
      /displaced-\d+T\d+ is there already/,
      ({ root }) => writeTree(join(root.states, ASIDE), { 'state.json': '{}' }),
    ],
    [
      'that the state directory is gone',
      /the state is not a directory/,
      ({ state }) => renameSync(state, `${state}.moved`),
    ],
    [
      'that the request is corrupt',
      /restore\.json is not whole JSON, so it is not known/,
      ({ root }) => writeFileSync(root.restore, '{"schema": 1,'),
    ],
  ];

  test.each(CASES)('%s', async (_, sentence, spoil) => {
    const pair = pairIn();
    spoil(pair);
    const before = contentOf(join(pair.root.path, '..'));
    await expect(finish(pair)).rejects.toThrow(sentence);
    expect(contentOf(join(pair.root.path, '..'))).toEqual(before);
  });

  test('that the release is not there', async () => {
    const pair = pairIn();
    const code = { ...codeOf(pair), whyNotCurrent: () => 'It cannot be started.' };
    await expect(finishRestore(pair.root, code)).rejects.toThrow('It cannot be started.');
    expect(existsSync(join(pair.state, 'state/openclaw.sqlite'))).toBe(true);
  });
});
