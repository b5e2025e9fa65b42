import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { measureState } from '../../../../src/state/snapshot/measure.js';
import { takeSnapshot } from '../../../../src/state/snapshot/snapshot.js';
import { KEPT, readFileList } from '../../../../src/state/snapshot-layout.js';
import { type Root, rootAt } from '../../../../src/store/root.js';
import { sql } from '../../../support/database.js';
import { temporaryDirectory, temporaryRoot, writeTree } from '../../../support/place.js';
import { sqliteNode } from '../../../support/sqlite-node.js';

const node = await sqliteNode();

function aRequest(files: Record<string, string> = {}, root: Root = temporaryRoot()) {
  const directory = writeTree(temporaryDirectory('state'), { 'openclaw.json': '{}', ...files });
  return { root, release: '2026.6.1', change: 'c', place: { directory, config: null }, node };
}

function aDatabase(...path: string[]): string {
  const database = join(...path);
  sql(node, database, 'CREATE TABLE t (x)', 'SELECT 1');
  return database;
}

test('a link within the state is whole; one out of it to a file or a directory is named', async () => {
  const outside = writeTree(temporaryDirectory('outside'), { 'note.txt': 'n', 'skills/a.md': 'a' });
  const request = aRequest({
    'skills/real.md': 'r',
    'skills/same.md': '-> real.md',
    'skills/nowhere.md': '-> ../missing',
    round: '-> .',
    'npm/node_modules/plugin/node_modules/openclaw': `-> ${outside}`,
    'out file': `-> ${outside}/note.txt`,
    'out\ndirectory': `-> ${outside}/skills`,
  });
  symlinkSync(Buffer.from([0x78, 0xff]), join(request.place.directory, 'to no UTF-8'));
  const { kept, warnings } = await takeSnapshot(request);
  expect(warnings).toEqual([
    expect.stringContaining(`"out\\ndirectory" is a link to "${outside}/skills"`),
    expect.stringContaining(`"out file" is a link to "${outside}/note.txt"`),
  ]);
  const states = join(request.root.states, kept.name);
  const links = readFileList(states).entries.filter(({ kind }) => kind === 'link');
  expect(links).toHaveLength(7);
  const bytes = { encoding: 'buffer' } as const;
  for (const link of links) {
    expect(readlinkSync(join(states, KEPT.files, link.path), bytes)).toEqual(
      readlinkSync(join(request.place.directory, link.path), bytes),
    );
  }
});

test.each<[string, (directory: string, outside: string) => string]>([
  ['to a database', (_, outside) => aDatabase(outside, 'x')],
  ['to a directory with a database', (_, outside) => dirname(dirname(aDatabase(outside, 'below/x')))],
  ['to a database in a part that is left', (directory) => aDatabase(directory, 'media/x')],
])('a link out of the state %s is refused, naming it, and nothing is kept', async (_, target) => {
  const request = aRequest({ 'media/y': '' });
  const outside = temporaryDirectory('outside');
  mkdirSync(join(outside, 'below'));
  symlinkSync(target(request.place.directory, outside), join(request.place.directory, 'memory'));
  await expect(takeSnapshot(request)).rejects.toMatchObject({
    code: 'snapshot_refused',
    message: expect.stringContaining('"memory" is a link to'),
  });
  expect(existsSync(request.root.states)).toBe(false);
  expect(measureState(request.place).refused).toHaveLength(1);
});

test('sockets and pipes are left out and named; neither is waited for', async () => {
  const request = aRequest();
  const server = createServer().listen(join(request.place.directory, 'run.sock'));
  onTestFinished(() => void server.close());
  execFileSync('mkfifo', [join(request.place.directory, 'pipe')]);
  const { kept, warnings } = await takeSnapshot(request);
  expect(warnings).toEqual([
    '"pipe" is neither a file nor a directory, and is left out.',
    '"run.sock" is neither a file nor a directory, and is left out.',
  ]);
  expect(readdirSync(join(request.root.states, kept.name, KEPT.files))).toEqual(['openclaw.json']);
});

test('a name that is not UTF-8 is refused, and never passed over', async () => {
  const request = aRequest({ 'fine \uFFFD': '' });
  expect(measureState(request.place).refused).toEqual([]);
  const path = Buffer.concat([Buffer.from(`${request.place.directory}/bad-`), Buffer.from([0xff, 0xfe])]);
  writeFileSync(path, '');
  await expect(takeSnapshot(request)).rejects.toMatchObject({
    code: 'snapshot_refused',
    message: expect.stringMatching(/bad-.* has a name that is not UTF-8/),
  });
});

test('a root in the state directory is not in its own snapshots', async () => {
  const request = aRequest();
  const root = rootAt(join(request.place.directory, 'releases'));
  for (const path of [root.staging, root.states]) mkdirSync(path, { recursive: true });
  for (let round = 0; round < 2; round++) {
    const { kept } = await takeSnapshot({ ...request, root });
    expect(kept).toMatchObject({ files: 1, left: ['releases'] });
  }
  expect(readdirSync(request.place.directory).sort()).toEqual(['openclaw.json', 'releases']);
});
