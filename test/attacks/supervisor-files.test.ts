import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { isOfSuperuser } from '../../src/host/process.js';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { type Arena, OTHER, OWNER, openArena } from './arena.js';
import { plantRoot } from './forged.js';

/*
 * Changes that a user can have root make to the files of root's supervisor. The owner's process is another program, which sends
 * requests of its own; the gateway is the owner's, and so are its command line and its environment.
 */

const HERE = 'test/attacks';
const START = 'command=openclaw gateway\n';
const SECTIONS = [
  `[program:own]\n${START}user=${OWNER.name}\nenvironment=KEY="s3cret"\n`,
  `[program:of-root]\n${START}`,
  `[program:of-other]\n${START}user=${OTHER.name}\n`,
  // A line that continues is no setting.
  `[program:continued]\n${START}environment=A="b",\n user=${OWNER.name}\n`,
].join('\n');

const atEnd = atEndOfAll();
let arena: Arena;
let count = 0;

beforeAll(async () => {
  arena = await openArena(atEnd);
});

interface Scene {
  /** Section that the gateway names. */
  service?: string;
  /** User of the process that is called supervisord. */
  supervisor?: { uid: number; gid: number };
  /** User of the gateway. */
  gateway?: { uid: number; gid: number };
  spoil?: (file: string) => void;
}

/** Root's file, and a process of the name of supervisord that was started with it. */
async function scene({ service = 'own', supervisor, gateway = OWNER, spoil }: Scene): Promise<string> {
  const directory = join(arena.path, `supervisor-${++count}`);
  mkdirSync(directory, { mode: 0o755 });
  const file = join(directory, 'supervisord.conf');
  writeFileSync(file, SECTIONS, { mode: 0o600 });
  spoil?.(file);
  const script = join(arena.cli, '../../..', HERE, 'false-supervisor.cjs');
  const names = ['-c', file, String(gateway.uid), String(gateway.gid), service];
  const bash = ['bash', '-c', 'exec -a supervisord "$@"', 'bash', arena.node, script, ...names];
  const drop = supervisor
    ? ['setpriv', `--reuid=${supervisor.uid}`, `--regid=${supervisor.gid}`, '--clear-groups', '--']
    : [];
  const child = arena.inside([...drop, ...bash]);
  onTestFinished(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  });
  const said = textOf(child);
  await until('the gateway runs', () => said().includes('ready'));
  return file;
}

function textOf(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
  return () => text;
}

/** Root types a command, and the owner's process asks for something else. */
async function ask(root: string, words: string[], ...requests: object[]) {
  const play = join(arena.path, `files-${++count}.json`);
  writeFileSync(play, JSON.stringify({ requests }));
  const checkout = join(arena.cli, '../../..');
  const program = [join(checkout, HERE, 'as-owner.mjs'), join(checkout, HERE, 'false-owner.cjs')];
  const child = arena.inside(
    [arena.node, ...program, join(checkout, 'dist/cli/entry.js'), root, String(OWNER.uid), ...words],
    { env: { OPENCLAW_RELEASES_PLAY: play, OPENCLAW_RELEASES_LOG: '/dev/null' } },
  );
  const said = textOf(child);
  await once(child, 'close');
  return JSON.parse(said()).replies as {
    answer?: { stdout: string };
    error?: { code: string; message: string };
  }[];
}

const WRITE = ['adopt', '--write'];

test('root writes the lines of its own supervisor for the owner of the gateway, and puts the file back', async () => {
  const file = await scene({});
  const root = plantRoot(arena.home());
  const before = arena.systemFiles();
  const [planned, written, again] = await ask(
    root,
    WRITE,
    { does: 'plan-files' },
    { does: 'write-files', path: '/etc/passwd' },
    { does: 'write-files' },
  );
  expect(planned?.answer?.stdout).toContain('run --replace');
  expect(JSON.parse(written?.answer?.stdout ?? '')).toMatchObject({
    supervisor: 'supervisord',
    files: [file],
  });
  expect(JSON.stringify([planned, written])).not.toContain('s3cret');
  expect(again?.error).toMatchObject({ code: 'supervisor_file' });
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(
    /^\[program:own\]\nautorestart=.*\n.*\n.*\ncommand=\S+node \S+main\.cjs run --replace\nuser=games\n/,
  );
  expect(text.slice(text.indexOf('[program:of-root]'))).toBe(
    SECTIONS.slice(SECTIONS.indexOf('[program:of-root]')),
  );
  const records = Object.keys(arena.systemFiles()).filter((path) => !(path in before));
  expect(records).toEqual([expect.stringMatching(/^\/var\/lib\/openclaw-releases\/\w+\.json$/)]);

  // Another root of the same user has changed nothing.
  expect(await ask(plantRoot(arena.home()), ['unadopt'], { does: 'restore-files' })).toMatchObject([
    { answer: { stdout: 'null' } },
  ]);
  expect(readFileSync(file, 'utf8')).toBe(text);
  const [found, restored] = await ask(root, ['unadopt'], { does: 'find-files' }, { does: 'restore-files' });
  expect(found).toMatchObject({ answer: { stdout: restored?.answer?.stdout } });
  expect(JSON.stringify(restored)).not.toContain('s3cret');
  expect(readFileSync(file, 'utf8')).toBe(SECTIONS);
  expect(statSync(file).mode & 0o7777).toBe(0o600);
  expect(arena.systemFiles()).toEqual(before);
});

test.each<[string, Scene, RegExp]>([
  ['whose section starts it as root', { service: 'of-root' }, /does not say as whom/],
  ['whose section starts it as another user', { service: 'of-other' }, /www-data/],
  ['whose section only seems to name the owner', { service: 'continued' }, /does not say as whom/],
  ['whose section is not there', { service: 'own]\n[program:of-root' }, /No file was found/],
  ['of a supervisor that is the owner’s own', { supervisor: OWNER }, /No file was found/],
  ['of another user', { gateway: OTHER }, /No gateway runs/],
  ['in a file of the owner', { spoil: (file) => chownSync(file, OWNER.uid, OWNER.gid) }, /belongs to user 5/],
  [
    'in a file of the owner, to which root’s own name is a link',
    {
      spoil(file) {
        renameSync(file, join(file, '../file'));
        chownSync(join(file, '../file'), OWNER.uid, OWNER.gid);
        symlinkSync('file', file);
      },
    },
    /belongs to user 5/,
  ],
  [
    'in a directory of the owner',
    { spoil: (file) => chownSync(join(file, '..'), OWNER.uid, OWNER.gid) },
    /belongs to user 5/,
  ],
  [
    'in a directory that all may write to',
    { spoil: (file) => chmodSync(join(file, '..'), 0o777) },
    /by others/,
  ],
])('root writes nothing for a gateway %s', async (_, what, message) => {
  const file = await scene(what);
  const before = arena.systemFiles();
  const [reply] = await ask(plantRoot(arena.home()), WRITE, { does: 'write-files' });
  expect(reply?.error?.message).toMatch(message);
  expect(readFileSync(file, 'utf8')).toBe(SECTIONS);
  expect(arena.systemFiles()).toEqual(before);
});

test.each([
  [['list']],
  [['adopt']],
  [['adopt', '--write', '--dry-run']],
  [['adopt', '--system']],
  [['recover']],
])('root writes no file where it typed %j', async (words) => {
  const file = await scene({});
  const replies = await ask(
    plantRoot(arena.home()),
    words,
    { does: 'write-files' },
    { does: 'restore-files' },
  );
  for (const { error } of replies) expect(error).toMatchObject({ code: 'usage' });
  expect(readFileSync(file, 'utf8')).toBe(SECTIONS);
});

test('a process of root that was started with the rights of its file is no supervisor', async () => {
  const program = join(arena.path, 'sleep');
  copyFileSync('/bin/sleep', program);
  for (const [mode, expected] of [
    [0o755, true],
    [0o4755, false],
  ] as const) {
    chmodSync(program, mode);
    const child = spawn(program, ['100'], { argv0: 'supervisord' });
    onTestFinished(() => void child.kill('SIGKILL'));
    await until('it runs', () => readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'sleep\n');
    expect(isOfSuperuser(child.pid ?? 0)).toBe(expected);
  }
});
