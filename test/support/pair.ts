import { createHash } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { replaceSymlinkDurably } from '../../src/host/durable.js';
import { below } from '../../src/state/below.js';
import { type Restore, requestRestore } from '../../src/state/restore-records.js';
import { classify } from '../../src/state/scope.js';
import type { Entry, FileList } from '../../src/state/snapshot-layout.js';
import type { Snapshot } from '../../src/state/snapshots.js';
import { prepareRoot, type Root, rootAt } from '../../src/store/root.js';
import { runtimeLink } from '../../src/store/runtimes.js';
import { writeTree } from './place.js';
import { makeTinyNode, TINY_NODE } from './release.js';

export const OLD = '2026.5.28';
export const NEW = '2026.9.6';
export const SNAPSHOT = `${OLD}-snapshot-20261121T101010`;
export const ASIDE = `${NEW}-displaced-20261121T111111`;

/** A database without content: all that is looked at is its header. */
export function database(userVersion: number): string {
  const header = Buffer.alloc(512);
  header.write('SQLite format 3\0', 'latin1');
  header[18] = 1;
  header.writeInt32BE(userVersion, 60);
  return header.toString('latin1');
}

/** Files that a release before the migration has written; `agents/main/sessions/a.jsonl` is a transcript. */
export const OLD_STATE: Record<string, string> = {
  'openclaw.json': `{ meta: { lastTouchedVersion: '${OLD}' } }`,
  'identity/device.json': 'the device',
  'tasks/runs.sqlite': database(1),
  'tasks/queue/next.json': 'next',
  'credentials/token': 'secret',
  'credentials/closed/inner': 'closed',
  'npm/a project/node_modules/plugin/index.js': 'plugin',
  'npm/link': '-> a project',
  'agents/main/agent/auth.json': 'old auth',
  'agents/main/sessions/sessions.json': 'old index',
  'agents/main/sessions/a.jsonl': 'a said\n',
};

/** Files that the release after it makes from those: things moved, vanished, came anew. */
const NEW_STATE: Record<string, string> = {
  'openclaw.json': `{ meta: { lastTouchedVersion: '${NEW}' } }`,
  'state/openclaw.sqlite': database(18),
  'state/openclaw.sqlite-wal': '',
  'tasks/runs.sqlite.migrated': database(1),
  'credentials/token': 'secret',
  'credentials/more': 'more',
  'npm/a project/node_modules/plugin/index.js': 'newer plugin',
  identity: 'a file where there was a directory',
  'agents/main/agent/auth.json': 'new auth',
  'agents/main/agent/openclaw-agent.sqlite': database(23),
  'agents/main/sessions/b.jsonl': 'b said\n',
};
const ARCHIVED = 'agents/main/session-sqlite-import-archive/a.jsonl.imported-1';

/** Files that are never touched. */
export const LEFT: Record<string, string> = {
  'media/photo': 'photo',
  'workspace/deep/notes.md': 'notes',
  'logs/gateway.log': 'log',
};

/** Both releases, a state that the newer one has migrated, and the snapshot from before that. */
export interface Pair {
  root: Root;
  /** The state directory. */
  state: string;
  restore: Restore;
}

/**
 * Makes a pair in an empty directory, with `restore.json` asking for the old one.
 * @param rootPath of the root, in that directory
 */
export function makePair(directory: string, rootPath = 'a root'): Pair {
  const root = rootAt(join(directory, rootPath));
  prepareRoot(root);
  for (const id of [OLD, NEW]) addRelease(root, id);
  replaceSymlinkDurably(root.previous, `releases/${OLD}`);
  replaceSymlinkDurably(root.current, `releases/${NEW}`);

  const state = writeTree(join(directory, 'the state'), { ...OLD_STATE, ...LEFT });
  chmodSync(join(state, 'credentials/token'), 0o640);
  chmodSync(join(state, 'credentials/closed'), 0o500);
  const place = { directory: state, config: null };
  keep(root, state, place);
  migrate(state);
  const restore: Restore = {
    schema: 1,
    change: 'a-change',
    release: OLD,
    from: SNAPSHOT,
    aside: { name: ASIDE, release: NEW },
    place,
    onlyIfChanged: true,
    phase: 'pending',
  };
  requestRestore(root, restore);
  return { root, state, restore };
}

function addRelease(root: Root, id: string): void {
  const main = 'node_modules/openclaw/openclaw.mjs';
  makeTinyNode(root);
  writeTree(join(root.releases, id), {
    'release.json': '{}\n',
    [main]: `console.log('release=${id}');\n`,
    node: `-> ${runtimeLink(TINY_NODE)}`,
    main: `-> ${main}`,
  });
}

/** Copies and links a state as a snapshot does. */
function keep(root: Root, state: string, place: Snapshot['place']): void {
  const kept = join(root.states, SNAPSHOT);
  mkdirSync(join(kept, 'files'), { recursive: true, mode: 0o700 });
  const entries: Entry[] = [];
  for (const { path } of below(state)) {
    const [live, scope] = [join(state, path), classify(path, [])];
    const stats = lstatSync(live);
    if (scope === 'history') {
      mkdirSync(dirname(join(kept, 'history', path)), { recursive: true });
      linkSync(live, join(kept, 'history', path));
    }
    if (scope !== 'state') continue;
    const copy = join(kept, 'files', path);
    const mode = stats.mode & 0o7777;
    if (stats.isDirectory()) {
      mkdirSync(copy, { mode: 0o700 });
      entries.push({ path, kind: 'directory', mode });
    } else if (stats.isSymbolicLink()) {
      symlinkSync(readlinkSync(live), copy);
      entries.push({ path, kind: 'link', target: readlinkSync(live) });
    } else {
      const bytes = readFileSync(live);
      writeFileSync(copy, bytes, { mode: 0o600 });
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      entries.push({ path, kind: 'file', mode, size: bytes.length, sha256 });
    }
  }
  const list: FileList = { schema: 1, entries, config: null };
  writeFileSync(join(kept, 'files.json'), JSON.stringify(list));
  const record: Snapshot = {
    ...{ schema: 1, name: SNAPSHOT, kind: 'snapshot', release: OLD, change: 'a-change' },
    ...{ at: '2026-11-21T10:10:10.000Z', place, files: entries.length, bytes: 0 },
    versions: { databases: { 'tasks/runs.sqlite': 1 }, config: OLD },
  };
  writeFileSync(join(kept, 'state.json'), JSON.stringify(record));
}

function migrate(state: string): void {
  chmodSync(join(state, 'credentials/closed'), 0o700);
  mkdirSync(dirname(join(state, ARCHIVED)), { recursive: true });
  renameSync(join(state, 'agents/main/sessions/a.jsonl'), join(state, ARCHIVED));
  for (const path of Object.keys(OLD_STATE)) rmSync(join(state, path), { force: true });
  for (const path of ['identity', 'tasks', 'npm', 'credentials'])
    rmSync(join(state, path), { recursive: true });
  writeTree(state, NEW_STATE);
  appendTo(join(state, 'media/photo'), ', seen by the newer one');
}

function appendTo(path: string, text: string): void {
  writeFileSync(path, text, { flag: 'a' });
}

/** Files and links below a directory by their paths, with modes where they are not the usual ones. */
export function contentOf(directory: string, scope?: ReturnType<typeof classify>): Record<string, string> {
  const entries = below(directory).flatMap(({ path }): [string, string][] => {
    if (scope !== undefined && classify(path, []) !== scope) return [];
    const at = join(directory, path);
    const stats = lstatSync(at);
    if (stats.isSymbolicLink()) return [[path, `-> ${readlinkSync(at)}`]];
    const mode = (stats.mode & 0o7777).toString(8);
    if (stats.isDirectory()) return ['755', '700'].includes(mode) ? [] : [[`${path}/`, mode]];
    return [[path, `${['644', '600'].includes(mode) ? '' : `${mode} `}${readFileSync(at, 'latin1')}`]];
  });
  return Object.fromEntries(entries);
}

/** Faults of a pair whose state was to be exchanged; empty when code and state are wholly the old ones. */
export function whatIsWrong(pair: Pair, before: Before): string[] {
  const { root, state } = pair;
  const kept = join(root.states, ASIDE);
  const differs = (what: string, is: unknown, expected: unknown) =>
    isDeepStrictEqual(is, expected)
      ? []
      : [`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(expected)}`];
  return [
    ...differs('the state', contentOf(state, 'state'), before.oldState),
    ...differs('what was set aside', contentOf(join(kept, 'files')), before.newState),
    ...differs('the history', contentOf(state, 'history'), {
      ...before.history,
      'agents/main/sessions/a.jsonl': 'a said\n',
    }),
    ...differs('what is excluded', contentOf(state, 'excluded'), before.excluded),
    ...differs('current', readlinkSync(root.current), `releases/${OLD}`),
    ...differs('kept', readdirSync(root.states), [ASIDE]),
    ...differs('of what was set aside', readdirSync(kept).sort(), ['files', 'state.json']),
    ...differs('staging', readdirSync(root.staging), []),
    ...differs(
      'left behind',
      readdirSync(root.path).filter((name) => name.startsWith('.') || name === 'restore.json'),
      [],
    ),
  ];
}

/** Content of a pair before an exchange, to compare with. */
export interface Before {
  oldState: Record<string, string>;
  newState: Record<string, string>;
  history: Record<string, string>;
  excluded: Record<string, string>;
}

export function lookBefore({ state }: Pair): Before {
  return {
    oldState: {
      ...without(OLD_STATE, 'agents/main/sessions/a.jsonl'),
      'credentials/token': '640 secret',
      'credentials/closed/': '500',
    },
    newState: contentOf(state, 'state'),
    history: contentOf(state, 'history'),
    excluded: contentOf(state, 'excluded'),
  };
}

function without<T>(record: Record<string, T>, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([other]) => other !== key));
}
