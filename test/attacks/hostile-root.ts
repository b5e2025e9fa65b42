import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { STEP_NAMES } from '../../src/ledger/plan.js';
import { type Arena, give, leaksBelow, OTHER, OWNER, pictureOf, SECRET, UNIT } from './arena.js';
import {
  adoptedRecord,
  changeRecord,
  manifestRecord,
  plantRelease,
  plantRoot,
  plantState,
  timerRecord,
} from './forged.js';

const ID = '2026.6.1';
const CHANGE = '20260101T000000000Z-unadopt-dead';

/** Every path of layout/README.md, with an example for each name. */
const PATHS = [
  ...['current', 'previous', 'trial', 'trial-restore.json', 'restore.json', 'restore-result.json', 'rescued'],
  ...[
    'bin',
    'bin/gateway',
    'bin/openclaw',
    'bin/restore',
    'bin/rescue',
    'plugin',
    'plugin/main.js',
    'plugin/command',
  ],
  ...['releases', `releases/${ID}`, 'releases/2026.6.2', 'releases/-rf', 'releases/2026.6.2/release.json'],
  ...[
    'release.json',
    'files.sha256',
    'node',
    'main',
    'node_modules',
    'node_modules/openclaw/package.json',
  ].map((name) => `releases/${ID}/${name}`),
  ...['runtimes', 'runtimes/node-24.21.0', 'runtimes/node-24.21.0/bin/node', 'cache', `cache/${ID}`],
  ...['staging', 'staging/x', `staging/${CHANGE}`, `staging/${CHANGE}/release`, `staging/${CHANGE}.owner`],
  ...[`staging/${CHANGE}.cancel`, `staging/${CHANGE}/plugins`],
  ...['changes', `changes/${CHANGE}.json`, 'changes/20260101T000000001Z-update-beef.json'],
  ...[
    'states',
    `states/${ID}-snapshot-x`,
    `states/${ID}-snapshot-x/state.json`,
    `states/${ID}-snapshot-x/files`,
  ],
  ...[
    'requests',
    'requests/x.json',
    'requests/lock',
    'requests/x.owner',
    'lockfiles',
    `lockfiles/${ID}.json`,
  ],
  ...['policy.json', 'timer-state.json', 'timer.lock', 'timer.json', 'compatibility.json'],
  ...[
    'gateway-cache.json',
    'corrupt',
    'corrupt/reasons.txt',
    'ballast',
    'ballast/0',
    'lock',
    'lock-owner.json',
  ],
  ...[
    'run.sock',
    'run.json',
    'run.lock',
    'supervisor.json',
    'adopted.json',
    'adopted-files.json',
    '.trial.999999-0123456789ab.tmp',
  ],
];

/** `CANARY`, `HOME` and `ROOT` stand for directories. */
const TARGETS = [
  ...[
    'CANARY',
    'CANARY/secret',
    'CANARY/closed',
    'CANARY/openclaw.json',
    'CANARY/release.json',
    'CANARY/old',
  ],
  ...[
    'CANARY/gateway',
    'CANARY/new',
    '/etc/shadow',
    '/root',
    '/etc/systemd/system',
    '/var/lib/openclaw-releases',
  ],
  ...['/proc/self/environ', '/dev/zero', '/nowhere', '.', '..', 'ROOT', 'HOME/state', 'releases', 'lock'],
  ...[`releases/${ID}`, `../../../../../../CANARY`, '999999.1.dead', '1.1.dead', 'CANARY/old/2026.6.1'],
];

const TEXTS = [
  ...[
    '',
    '{}',
    'null',
    '[]',
    '\0\0\0\0',
    '{"schema":1}',
    '{"schema":2}',
    '[[[[',
    '\u001b[2J\u001b]0;x\u0007',
    'CANARY/evil',
  ],
  ...[
    `${ID} 3 boot`,
    `${ID} -1 x`,
    '../../../CANARY 3 x',
    '999999.1.dead',
    '{"__proto__":{"schema":1}}',
    'x'.repeat(70_000),
  ],
];

const COMMANDS = [
  ...[
    'list',
    'list --json',
    'status',
    'status --json',
    'show current',
    `show ${ID} --json`,
    'doctor',
    'doctor --json',
  ],
  ...[
    'verify',
    `verify ${ID} --json`,
    'history',
    'history --json',
    'recover',
    'recover --json',
    'recover --boot',
  ],
  ...[
    'prune',
    'prune --dry-run',
    'prune --keep 1 --max-bytes 1',
    `pin ${ID}`,
    `unpin ${ID}`,
    'hold --days 1',
    'unhold',
  ],
  ...[
    'timer status',
    'timer status --json',
    'timer disable --system',
    'timer disable',
    'timer explain',
    'timer enable',
  ],
  ...['check', 'history 1', `why ${ID}`, `diff ${ID} current`, `remove ${ID}`, 'setup --dry-run'],
  ...['uninstall --dry-run', 'uninstall --yes', 'uninstall --system --yes'],
  ...['timer enable --system', 'adopt --system --dry-run', 'unadopt --system', 'unadopt', 'adopt --system'],
  ...[
    'rollback',
    'rollback --keep-state',
    `switch ${ID} --no-restart`,
    `switch ${ID}`,
    'cancel',
    'restart-now',
  ],
  ...[
    'retention',
    'list --check',
    'rollback --dry-run',
    'switch ../../CANARY --no-restart',
    'lockfile export',
  ],
];

type Kind = 'link' | 'text' | 'record' | 'directory' | 'pipe' | 'socket' | 'program';

interface Planted {
  path: string;
  kind: Kind;
  target: string;
  text: string;
  mode: number;
  by: 'owner' | 'other' | 'root';
}

export interface Forgery {
  steps: string[];
  at: number;
  state: string;
  kind: string;
  scope: 'user' | 'system' | null;
  unit: string;
  place: string;
  release: string;
}

export interface Scenario {
  command: string;
  position: 'home' | 'linked' | 'open' | 'missing' | 'below a link' | 'of root';
  mode: number;
  hasRelease: boolean;
  hasSupervisor: boolean;
  planted: Planted[];
  forgery: Forgery;
}

const mostly = <T>(usual: T, ...others: T[]) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constant(usual) },
    { weight: 2, arbitrary: fc.constantFrom(...others) },
  );

export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  command: fc.constantFrom(...COMMANDS),
  position: mostly<Scenario['position']>('home', 'linked', 'open', 'missing', 'below a link', 'of root'),
  mode: mostly(0o700, 0o777, 0o1777, 0o770, 0o755, 0o500, 0),
  hasRelease: fc.boolean(),
  hasSupervisor: fc.boolean(),
  planted: fc.array(
    fc.record({
      path: fc.constantFrom(...PATHS),
      kind: fc.constantFrom<Kind>(
        'link',
        'link',
        'text',
        'record',
        'record',
        'directory',
        'pipe',
        'socket',
        'program',
      ),
      target: fc.constantFrom(...TARGETS),
      text: fc.oneof(fc.constantFrom(...TEXTS), fc.string(), fc.json()),
      mode: mostly(0o600, 0, 0o644, 0o755, 0o777, 0o4755, 0o1777, 0o500),
      by: mostly<Planted['by']>('owner', 'other', 'root'),
    }),
    { maxLength: 6 },
  ),
  forgery: fc.record({
    steps: fc.subarray([...STEP_NAMES], { minLength: 1 }),
    at: fc.nat({ max: STEP_NAMES.length - 1 }),
    state: fc.constantFrom('doing', 'done', 'failed', 'undoing', 'undone', 'undo_failed'),
    kind: fc.constantFrom('stage', 'update', 'switch', 'rollback', 'adopt', 'unadopt'),
    scope: fc.constantFrom<Forgery['scope']>('user', 'system', null),
    unit: fc.constantFrom(UNIT, 'cron.service', 'other@x.service', '..service', '\\x2d.service'),
    place: fc.constantFrom('CANARY', 'CANARY/closed', 'HOME/state', 'ROOT', '/root', '/etc'),
    release: fc.constantFrom(ID, '2026.6.2', '2026.1.1'),
  }),
});

/** Makes the root, runs the command as root, and lists everything that it must not have done. */
export async function escapesOf(
  arena: Arena,
  scenario: Scenario,
): Promise<{ escapes: string[]; output: string; ms: number }> {
  const home = arena.home();
  const { root, servers } = await make(arena, scenario, home);
  const before = { canary: pictureOf(arena.canary), ofRoot: ofRoot(home), jobs: arena.jobs().length };
  const words = scenario.command.replaceAll('CANARY', arena.canary).split(' ');
  const ran = await arena.ocr([...words, '--root', root]);
  for (const server of servers) server.close();
  const escapes: string[] = [];
  const must = (isKept: boolean, what: string) => {
    if (!isKept) escapes.push(what);
  };
  const after = pictureOf(arena.canary);
  for (const path of new Set([...Object.keys(before.canary), ...Object.keys(after)])) {
    must(after[path] === before.canary[path], `changed ${path}`);
  }
  must(!ran.output.includes(SECRET), 'printed the secret');
  for (const path of leaksBelow(home)) escapes.push(`copied the secret to ${path}`);
  for (const [inode, path] of ofRoot(home)) must(before.ofRoot.has(inode), `wrote ${path} as root`);
  for (const line of arena.ran()) must(!line.startsWith('0 '), `ran ${line}`);
  for (const job of arena.jobs().slice(before.jobs)) must(isJob(job), `systemctl ${job}`);
  for (const [path, text] of Object.entries(arena.systemFiles())) must(isOurs(path, text), `wrote ${path}`);
  must(!ran.late, 'had not ended within the bound');
  must(ran.late || [0, 2, 3, 4, 5, 6, 7].includes(ran.exitCode ?? -1), `exit code ${ran.exitCode}`);
  must(!/^internal\b|error internal|"code": "internal"/m.test(ran.output), 'internal error');
  rmSync(home, { recursive: true, force: true });
  return { escapes, output: ran.output, ms: ran.ms };
}

async function make(
  arena: Arena,
  scenario: Scenario,
  home: string,
): Promise<{ root: string; servers: Server[] }> {
  const { position, mode, hasRelease, hasSupervisor, planted } = scenario;
  if (position === 'missing') return { root: join(home, 'not/yet'), servers: [] };
  const root = plantRoot(home);
  const servers: Server[] = [];
  plantState(join(home, 'state'));
  if (hasRelease) plantRelease(arena, root);
  give(home);
  for (const one of planted) {
    const server = await plant(arena, scenario, home, root, one);
    if (server) servers.push(server);
  }
  if (hasSupervisor && !lstatSync(join(root, 'run.sock'), { throwIfNoEntry: false })) {
    const place = resolve(scenario.forgery.place, arena, home, root);
    servers.push(await supervisor(join(root, 'run.sock'), place));
  }
  chmodSync(root, mode);
  if (position === 'of root') lchownSync(root, 0, 0);
  if (position === 'home' || position === 'of root') return { root, servers };
  const link =
    position === 'open' ? join(arena.open, home.slice(-12).replaceAll('/', '_')) : join(home, 'link');
  rmSync(link, { force: true });
  symlinkSync(position === 'below a link' ? home : position === 'open' ? arena.canary : root, link);
  lchownSync(link, OWNER.uid, OWNER.gid);
  return { root: position === 'below a link' ? join(link, 'root') : link, servers };
}

function resolve(text: string, { canary }: Arena, home: string, root: string): string {
  return text.replaceAll('CANARY', canary).replaceAll('HOME', home).replaceAll('ROOT', root);
}

async function plant(
  arena: Arena,
  { forgery }: Scenario,
  home: string,
  root: string,
  { path, kind, target, text, mode, by }: Planted,
): Promise<Server | null> {
  const place = join(root, path);
  if (!isInside(dirname(place), root)) return null;
  rmSync(place, { recursive: true, force: true });
  let server: Server | null = null;
  if (kind === 'link') symlinkSync(resolve(target, arena, home, root), place);
  else if (kind === 'directory') mkdirSync(place);
  else if (kind === 'pipe') execFileSync('mkfifo', [place]);
  else if (kind === 'socket') server = await supervisor(place, resolve(forgery.place, arena, home, root));
  else if (kind === 'program') arena.program(place);
  else {
    const content = kind === 'record' ? recordFor(path, forgery) : text;
    writeFileSync(place, resolve(content, arena, home, root));
  }
  const { uid, gid } = by === 'root' ? { uid: 0, gid: 0 } : by === 'other' ? OTHER : OWNER;
  lchownSync(place, uid, gid);
  if (kind !== 'link') chmodSync(place, kind === 'program' || kind === 'directory' ? mode | 0o500 : mode);
  return server;
}

/** Makes missing directories, and never through a link. */
function isInside(directory: string, root: string): boolean {
  if (directory !== root && !isInside(dirname(directory), root)) return false;
  const stats = lstatSync(directory, { throwIfNoEntry: false });
  if (!stats) {
    mkdirSync(directory);
    lchownSync(directory, OWNER.uid, OWNER.gid);
    return true;
  }
  return stats.isDirectory() && realpathSync(directory).startsWith(root);
}

export function recordFor(
  path: string,
  { steps, at, state, kind, scope, unit, place, release }: Forgery,
): string {
  const facts = {
    ...{
      from: release,
      previous: release,
      to: ID,
      place: { directory: place, config: `${place}/openclaw.json` },
    },
    snapshot: {
      name: `${ID}-snapshot-x`,
      scope: 'all',
      files: 1,
      bytes: 1,
      at: '2026-01-01T00:00:00Z',
      ms: 1,
    },
    runtime: { kind: 'host', version: '20.20.2', path: `${place}/gateway` },
    timer: { host: { kind: 'systemd', scope: 'system', service: unit }, registry: null },
    baseline: { state: 'running', instance: 'x', release, health: null },
  };
  const id = path.startsWith('changes/') ? path.slice('changes/'.length, -'.json'.length) : CHANGE;
  const records: Record<string, object> = {
    'timer.json': timerRecord(
      'CANARY',
      scope === null ? { kind: 'builtin' } : { kind: 'systemd', scope, service: unit },
    ),
    'adopted.json': adoptedRecord('CANARY', scope ?? 'user'),
    'supervisor.json': { schema: 1, kind: 'systemd', scope: scope ?? 'user', unit },
    'restore.json': restoreRecord(place),
    'trial-restore.json': restoreRecord(place),
    [`releases/${ID}/release.json`]: { ...manifestRecord(ID), main: `${place}/gateway` },
    [`states/${ID}-snapshot-x/state.json`]: {
      ...{ schema: 1, name: `${ID}-snapshot-x`, kind: 'snapshot', release: ID, change: CHANGE, scope: 'all' },
      ...{ place: { directory: place, config: null }, at: '2026-01-01T00:00:00Z', files: 1, bytes: 1 },
      versions: null,
    },
    'run.json': {
      supervisor: { pid: 1, startTicks: 1, bootId: 'dead' },
      gateway: { pid: 1, startTicks: 1, bootId: 'dead' },
    },
    'policy.json': { schema: 1, pins: [release], quarantine: {}, hold: null },
  };
  const record =
    records[path] ??
    changeRecord('CANARY', { id, kind, steps, at: steps[at % steps.length] ?? '', state, scope, facts });
  return JSON.stringify(record);
}

function restoreRecord(place: string): object {
  return {
    ...{
      schema: 1,
      change: CHANGE,
      release: ID,
      from: `${ID}-snapshot-x`,
      scope: 'all',
      left: ['secret'],
    },
    ...{ aside: { name: `${ID}-displaced-x`, release: ID }, onlyIfChanged: false, phase: 'displacing' },
    place: { directory: place, config: `${place}/openclaw.json` },
  };
}

let sockets = 0;

async function supervisor(path: string, state: string): Promise<Server> {
  const launch = { args: ['gateway', '--port', '9'], env: { OPENCLAW_STATE_DIR: state } };
  const result = { state: 'running', pid: null, instance: null, restarts: 0, launch, stopLimitMs: 1000 };
  const server = createServer((socket) => {
    socket.on('error', () => {}).on('data', () => socket.end(`${JSON.stringify({ ok: true, result })}\n`));
  });
  // At its end Node removes the path that it listens on, wherever that leads by then.
  const own = `/tmp/attacks-${process.pid}-${++sockets}.sock`;
  await new Promise<void>((started, failed) => server.on('error', failed).listen(own, started));
  renameSync(own, path);
  lchownSync(path, OWNER.uid, OWNER.gid);
  return server;
}

/** Paths below a place that belong to root. */
function ofRoot(place: string): Map<number, string> {
  const found = new Map<number, string>();
  const visit = (path: string) => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    // An owner may rename what root has in there.
    if (stats?.uid === 0) found.set(stats.ino, path);
    if (stats?.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
  };
  visit(place);
  return found;
}

/** Jobs of the superuser: those of the gateway's unit, which runs as the owner, and of its timer. */
function isJob(job: string): boolean {
  const name = UNIT.replaceAll('.', '\\.');
  return new RegExp(
    `^--system --no-ask-password (daemon-reload|(kill|reset-failed|restart|start|stop|thaw)( --\\S+)* -- ${name}|(restart|stop|clean --what=state) -- openclaw-releases-auto\\.timer)$`,
  ).test(job);
}

/** Files of the system that our plans can produce. Their programs run as the owner. */
function isOurs(path: string, text: string): boolean {
  if (path === `/etc/systemd/system/${UNIT}`) return true;
  if (/^\/var\/lib\/openclaw-releases\/[0-9a-f]{16}\.json$/.test(path)) return true;
  if (
    /^\/etc\/systemd\/system\/(multi-user|timers)\.target\.wants\/openclaw-releases-(recover\.service|auto\.timer)$/.test(
      path,
    )
  )
    return text.startsWith('-> /etc/systemd/system/openclaw-releases-');
  if (path === `/etc/systemd/system/${UNIT}.d/zz-openclaw-releases.conf`) return !text.includes('User=');
  if (!/^\/etc\/systemd\/system\/openclaw-releases-(auto|recover|rescue)\.(service|timer)$/.test(path))
    return false;
  return path.endsWith('.timer') || text.includes(`\nUser=${OWNER.name}\n`);
}
