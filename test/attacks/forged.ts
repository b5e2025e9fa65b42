import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { type Arena, give, UNIT } from './arena.js';

const SHA256_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const TIME = '2026-01-01T00:00:00Z';

/** Directories of a root, each of which an owner could replace by a link. */
export const DIRECTORIES = [
  ...['releases', 'runtimes', 'staging', 'changes', 'states', 'requests', 'lockfiles'],
  ...['cache', 'bin', 'plugin', 'ballast', 'corrupt'],
];

/** Entries for "what was there before": a setuid program to write, and a file to remove. */
export function hostileFiles(canary: string): object[] {
  const content = Buffer.from('* * * * * root id\n').toString('base64');
  return [
    { path: `${canary}/evil`, before: { kind: 'file', content, mode: 0o4755, uid: 0, gid: 0, mtimeMs: 0 } },
    { path: `${canary}/important`, before: { kind: 'absent' } },
    { path: `${canary}/link`, before: { kind: 'link', target: '/etc/shadow' } },
  ];
}

export function timerRecord(canary: string, host: object = { kind: 'builtin' }): object {
  return {
    schema: 1,
    host,
    registry: null,
    at: TIME,
    directories: [`${canary}/closed`],
    files: hostileFiles(canary),
  };
}

export function adoptedRecord(canary: string, scope = 'system'): object {
  return {
    schema: 1,
    ...{
      scope,
      unit: UNIT,
      dropIn: `${canary}/evil.conf`,
      recoverUnit: 'r.service',
      rescueUnit: 's.service',
    },
    ...{ at: TIME, directories: [`${canary}/closed`], files: hostileFiles(canary) },
  };
}

export function adoptedFilesRecord(canary: string): object {
  const write = { kind: 'file', path: `${canary}/important`, content: 'evil\n', mode: 0o644 };
  return {
    schema: 1,
    ...{ supervisor: 'supervisord', writes: [write], commands: [`sh ${canary}/evil`] },
    ...{ at: TIME, directories: [`${canary}/closed`], files: hostileFiles(canary) },
  };
}

export interface ForgedChange {
  id?: string;
  kind?: string;
  steps?: string[];
  /** The last step that the dead process has begun, and its state. */
  at?: string;
  state?: string;
  scope?: string | null;
  facts?: object;
}

/** Record of a change whose process has died, with writes outside of the root. */
export function changeRecord(canary: string, forged: ForgedChange = {}): object {
  const {
    id = '20260101T000000000Z-unadopt-dead',
    kind = 'unadopt',
    steps = ['detach'],
    scope = 'system',
  } = forged;
  const { at = steps.at(-1), state = 'doing' } = forged;
  const unitChange = {
    ...{ root: canary, scope: scope ?? 'user', unit: UNIT, dropIn: `${canary}/evil.conf` },
    ...{ recoverUnit: 'r.service', rescueUnit: 's.service' },
    writes: [
      { kind: 'file', path: `${canary}/evil`, content: 'evil\n', mode: 0o4755 },
      { kind: 'file', path: `${canary}/important`, content: 'evil\n', mode: 0o666 },
      { kind: 'link', path: `${canary}/link`, target: '/etc/shadow' },
    ],
  };
  return {
    schema: 1,
    id,
    plan: {
      ...{ kind, target: UNIT, steps, allowScripts: [], lockfile: null, evictOrphan: false, registry: null },
      limits: { settleMs: 10, readyFloorMs: 100, readyCeilingMs: 200 },
      unit: scope === null ? null : { scope, unit: UNIT },
    },
    owner: { pid: 999_999, startTicks: 1, bootId: 'dead' },
    ...{ startedAt: TIME, endedAt: null, status: null, error: null, undoError: null, warnings: [] },
    steps: at === undefined ? [] : [{ name: at, state, startedAt: TIME }],
    facts: {
      from: null,
      previous: null,
      to: '2026.6.1',
      unitChange,
      earlierUnitChange: unitChange,
      ...forged.facts,
    },
  };
}

export function manifestRecord(id: string): object {
  return {
    schema: 1,
    ...{
      id,
      version: id,
      spec: id,
      integrity: 'sha512-x',
      signature: 'absent',
      engines: null,
      schemas: null,
    },
    runtime: { version: '20.20.2', path: '/usr/bin/node' },
    ...{ main: 'main', lockfileDigest: '', treeDigest: SHA256_OF_NOTHING, files: 1, bytes: 1, packages: 1 },
    ...{ skippedScripts: [], sealedAt: TIME, addedBytes: 1, sharedBytes: 0 },
  };
}

export function write(path: string, content: object | string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`);
}

/** A release of the owner whose programs write down who runs them. */
export function plantRelease(arena: Arena, root: string, id = '2026.6.1'): void {
  const directory = join(root, 'releases', id);
  write(join(directory, 'release.json'), manifestRecord(id));
  write(join(directory, 'files.sha256'), '');
  for (const name of ['node', 'main']) arena.program(join(directory, name));
  symlinkSync(`releases/${id}`, join(root, 'current'));
}

/** State directory with a database, which makes commands look for a Node with SQLite. */
export function plantState(directory: string): void {
  mkdirSync(join(directory, 'state'), { recursive: true });
  writeFileSync(join(directory, 'openclaw.json'), '{}');
  const database = Buffer.alloc(4096);
  database.write('SQLite format 3\0');
  writeFileSync(join(directory, 'state/openclaw.sqlite'), database);
}

/** A false supervisor of the owner, which names a state directory and a port. */
export async function plantSupervisor(root: string, state: string, port = 9): Promise<Server> {
  const launch = {
    args: ['gateway', '--port', String(port)],
    env: { OPENCLAW_STATE_DIR: state, OPENCLAW_CONFIG_PATH: join(state, 'openclaw.json') },
  };
  const result = { state: 'running', pid: null, instance: null, restarts: 0, launch, stopLimitMs: 1000 };
  const server = createServer((socket) => {
    socket.on('error', () => {}).on('data', () => socket.end(`${JSON.stringify({ ok: true, result })}\n`));
  });
  await new Promise<void>((resolve) => server.listen(join(root, 'run.sock'), resolve));
  return server;
}

/** A root of the owner with the directories that a change makes. */
export function plantRoot(home: string, name = 'root'): string {
  const root = join(home, name);
  mkdirSync(root, { mode: 0o700 });
  for (const directory of ['releases', 'runtimes', 'staging', 'changes', 'bin']) {
    mkdirSync(join(root, directory), { mode: 0o700 });
  }
  give(root);
  return root;
}
