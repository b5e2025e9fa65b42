import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { type Measure, measureState } from '../../../../src/state/copying/measure.js';
import { takeSnapshot } from '../../../../src/state/copying/snapshot.js';
import { KEPT, readFileList } from '../../../../src/state/entries.js';
import type { KeptState } from '../../../../src/state/kept.js';
import { type Root, rootAt } from '../../../../src/store/root.js';
import { sql } from '../../../support/database.js';
import { canMount, smallFilesystem } from '../../../support/filesystem.js';
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

test('a link stays a link: one within the state is whole, one out of it to a file or a directory is named', async () => {
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

test('what cannot be read is refused with the command to type', () => {
  const request = aRequest({
    'mine.json': '',
    'closed/a': '',
    'agents/main/sessions/one.jsonl': '',
    'media/x': '',
  });
  const { directory } = request.place;
  for (const path of ['mine.json', 'closed', 'agents/main/sessions/one.jsonl', 'media'])
    chmodSync(join(directory, path), 0);
  const { measured, error } = withoutPrivileges(request);
  const uid = process.getuid?.();
  expect(measured.refused).toEqual([
    `"${directory}/closed" cannot be opened by this user (${uid}): chmod u+rwx '${directory}/closed'`,
    `"${directory}/mine.json" cannot be read by this user (${uid}): chmod u+r '${directory}/mine.json'`,
  ]);
  expect(error).toMatchObject({
    code: 'snapshot_refused',
    message: expect.stringContaining('(and 1 more like it)'),
  });
  if (uid !== 0) return;
  chownSync(join(directory, 'mine.json'), 65534, 65534);
  expect(withoutPrivileges(request).measured.refused[1]).toContain(
    `sudo chown -R 0 '${directory}/mine.json'`,
  );
});

test('a configuration where this user cannot write is named, and one that it cannot read is refused', () => {
  const elsewhere = writeTree(temporaryDirectory('elsewhere'), { 'mine.json': '{}' });
  const config = join(elsewhere, 'mine.json');
  const request = aRequest();
  chmodSync(elsewhere, 0o500);
  const place = { ...request.place, config };
  const { measured } = withoutPrivileges({ ...request, place });
  expect(measured.refused).toEqual([]);
  expect(measured.warnings).toEqual([expect.stringContaining(`"${config}" is where this user cannot write`)]);
  chmodSync(config, 0);
  expect(withoutPrivileges({ ...request, place }).measured.refused).toEqual([
    expect.stringContaining(`chmod u+r '${config}'`),
  ]);
});

interface Said {
  measured: Measure;
  kept?: KeptState;
  error?: { code: string; message: string };
}

/** The superuser can read everything, unless it gives that up. */
function withoutPrivileges(request: object): Said {
  const caps = '-dac_override,-dac_read_search,-fowner';
  const prefix =
    process.getuid?.() === 0 ? ['setpriv', `--bounding-set=${caps}`, `--inh-caps=${caps}`, '--'] : [];
  const program = fileURLToPath(new URL('../../../fixtures/state/snapshot.mjs', import.meta.url));
  const [command = '', ...args] = [...prefix, process.execPath, program, JSON.stringify(request)];
  return JSON.parse(execFileSync(command, args, { encoding: 'utf8' }));
}

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

test.runIf(canMount())(
  'a state on another filesystem than the root is refused, and left as it was',
  async () => {
    const disk = smallFilesystem(8);
    const request = {
      ...aRequest(),
      place: { directory: writeTree(join(disk, 'state'), { a: '' }), config: null },
    };
    await expect(takeSnapshot(request)).rejects.toMatchObject({
      code: 'snapshot_refused',
      message: expect.stringContaining('on another filesystem'),
      hint: expect.stringContaining('--root'),
    });
    expect(readdirSync(request.place.directory)).toEqual(['a']);
    expect(readdirSync(request.root.states)).toEqual([]);
  },
);

test.runIf(canMount())(
  'what is mounted into the state is refused, unless it is a part that is left',
  async () => {
    const request = aRequest({ 'agents/a b/x': '', 'media/x': '' });
    const mount = (path: string) => {
      const target = join(request.place.directory, path);
      execFileSync('mount', ['--bind', target, target]);
      onTestFinished(() => void execFileSync('umount', [target]));
    };
    mount('media');
    expect(measureState(request.place).refused).toEqual([]);
    mount('agents/a b');
    await expect(takeSnapshot(request)).rejects.toMatchObject({
      code: 'snapshot_refused',
      message: expect.stringContaining('"agents/a b" is mounted into the state directory'),
    });
    expect(lstatSync(join(request.place.directory, 'agents')).isDirectory()).toBe(true);
  },
);
