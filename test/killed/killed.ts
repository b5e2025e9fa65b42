import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Change } from '../../src/change/ledger.js';
import { listChanges } from '../../src/change/ledger.js';
import { overview } from '../../src/change/looking/overview.js';
import { recover } from '../../src/change/switcher.js';
import { type Root, rootAt } from '../../src/store/root.js';
import { builtinSupervisor } from '../../src/supervisor/builtin.js';
import { until } from '../support/place.js';
import { CLI, type World } from '../support/world.js';

/** A point, the steps as the ledger has them in the end, and which release runs then: one line of a table. */
export type Row = [point: string, chain: string, end: string];

/** Rows out of a text with one line each, `point | chain | end`. */
export function tableOf(text: string): Row[] {
  const rows = text.trim().split('\n');
  return rows.map((row) => row.split('|').map((cell) => cell.trim()) as Row);
}

const EVERY = process.env.OPENCLAW_RELEASES_KILLED_EVERY === '1';

/**
 * The rows to try in one run. Between what comes after one durable write and what comes before the next, nothing durable
 * happens: where both end in the same way one of the two is drawn. All of them with `OPENCLAW_RELEASES_KILLED_EVERY=1`.
 */
export function drawnFrom(rows: readonly Row[]): Row[] {
  if (EVERY) return [...rows];
  const drawn: Row[] = [];
  for (let at = 0; at < rows.length; at++) {
    const [row, next] = [rows[at], rows[at + 1]] as [Row, Row | undefined];
    if (!next || !areOneMoment(row, next)) {
      drawn.push(row);
      continue;
    }
    drawn.push(Math.random() < 0.5 ? row : next);
    at++;
  }
  return drawn;
}

function areOneMoment([point, chain, end]: Row, [next, nextChain, nextEnd]: Row): boolean {
  return point.startsWith('after ') && next.startsWith('before ') && chain === nextChain && end === nextEnd;
}

/** Short, so that a table of a hundred rows is a matter of minutes. */
const LIMITS = ['--settle', '0.1', '--ready-within', '3', '--idle-within', '0'];

/** Moments at which something durable happens; the others lie between two of these. */
const DURABLE = /^(before|after) (write|link|rename|remove|lock|unlock)\b/;

/** The points that a command passes at which something durable happens, in their order; ` #2` is the second of a name. */
export async function pointsOf(world: World, ...args: string[]): Promise<string[]> {
  const trace = join(world.path, `trace-${Date.now()}`);
  await command(world, args, { OPENCLAW_RELEASES_FAULT_TRACE: trace });
  const points = readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => DURABLE.test(line));
  return points.map((point, index) => {
    const times = points.slice(0, index + 1).filter((other) => other === point).length;
    return times === 1 ? point : `${point} #${times}`;
  });
}

function command(world: World, args: string[], env: Record<string, string>) {
  const [name = '', ...others] = args;
  // What a table says of its own comes last, and wins.
  return execa(world.node, [CLI, name, ...LIMITS, ...others, '--json'], {
    env: { ...world.env, ...env },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
}

/** What is there after a command was killed at a point and its change recovered, in the form of a row. */
export async function killedAt(world: World, point: string, ...args: string[]): Promise<Row> {
  const root = rootAt(world.root);
  const before = listChanges(root).length;
  const old = await runs(world);
  const stamp = join(world.path, `stamp-${before}-${Date.now()}`);
  const { signal, stdout, stderr } = await command(world, args, {
    OPENCLAW_RELEASES_FAULT: `kill ${point}`,
    OPENCLAW_RELEASES_FAULT_STAMP: stamp,
  });
  if (signal !== 'SIGKILL')
    throw new Error(`${args.join(' ')} never came to: ${point}\n${stdout}\n${stderr}`);
  await recover({ root, supervisor: builtinSupervisor(root.path) });
  const made = listChanges(root).slice(before);
  await checkSettled(root);
  return [point, chainOf(made), (await runs(world)) === old ? 'old' : 'new'];
}

/** How a command ends that fails at a point, as `status code exit`, and which release runs then. */
export async function failedAt(
  world: World,
  fault: string,
  ...args: string[]
): Promise<[string, 'old' | 'new']> {
  const old = await runs(world);
  const stamp = join(world.path, `stamp-${Date.now()}`);
  const { exitCode, stdout, stderr } = await command(world, args, {
    OPENCLAW_RELEASES_FAULT: fault,
    OPENCLAW_RELEASES_FAULT_STAMP: stamp,
  });
  if (!existsSync(stamp))
    throw new Error(`${args.join(' ')} never came to: ${fault}\n${exitCode} ${stdout}\n${stderr}`);
  const { status = null, error = null } = JSON.parse(stdout);
  await checkSettled(rootAt(world.root));
  const end = (await runs(world)) === old ? 'old' : 'new';
  return [
    [status, error?.code, exitCode].filter((word) => word !== null && word !== undefined).join(' '),
    end,
  ];
}

async function runs(world: World): Promise<string | null> {
  await until('the gateway answers', async () => (await world.version()) !== null);
  return world.version();
}

/** `step`: done; `-step`: undone; `step!`: under way when its process died, nothing to undo; `step?`: failed; `…`: all done before. */
function chainOf(changes: readonly Change[]): string {
  const [change, ...others] = changes;
  if (!change) return 'no change was begun';
  if (others.length > 0) throw new Error('More than one change was begun.');
  const firstOther = change.steps.findIndex(({ state }) => state !== 'done' && state !== 'skipped');
  const done = firstOther < 0 ? change.steps.length : firstOther;
  const names = change.steps.slice(Math.max(0, done - 1)).map(({ name, state }) => {
    if (state === 'done' || state === 'skipped') return name;
    return state === 'undone' ? `-${name}` : `${name}${state === 'failed' ? '?' : '!'}`;
  });
  return [...(done > 1 ? ['…'] : []), ...names, change.status ?? 'no end'].join(' ');
}

/** What must be so however it went: one whole release, named by `current`, and nothing left that a person would have to remove. */
async function checkSettled(root: Root): Promise<void> {
  const found = await overview(root, builtinSupervisor(root.path));
  const wrong = [
    found.current === null ? 'nothing is current' : null,
    found.gateway?.release === found.current ? null : `${found.gateway?.release} runs, not ${found.current}`,
    found.gateway?.health.ready ? null : 'the gateway is not ready',
    found.trial === null ? null : 'a trial is left',
    found.restore === null ? null : 'a state waits to be put back',
    found.interrupted.length === 0 ? null : 'a change has no end',
    lstatSync(root.lock, { throwIfNoEntry: false }) ? 'the lock is left' : null,
    ...[root.staging, root.changes, root.path].flatMap((directory) =>
      readdirSync(directory)
        .filter((name) => directory === root.staging || name.startsWith('.'))
        .map((name) => `left behind: ${join(directory, name)}`),
    ),
  ].filter((sentence) => sentence !== null);
  if (wrong.length > 0) throw new Error(wrong.join('; '));
}
