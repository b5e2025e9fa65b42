import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { recover } from '../../src/change/run.js';
import { type Change, listChanges, stepOf } from '../../src/ledger/ledger.js';
import { type Root, rootAt } from '../../src/store/root.js';
import { builtinSupervisor } from '../../src/supervisor/builtin/client.js';
import { overview } from '../../src/views/status.js';
import { atEndOfAll } from '../support/at-end.js';
import { type AtEnd, until } from '../support/place.js';
import { CLI, type World } from '../support/world.js';
import { type Failure, failuresOf, inTurn, type Moment, momentsOf, type Side } from './moments.js';

/** Release that runs in the end. */
export type Runs = 'old' | 'new';

/** Result of a change: its verdict, the steps that were undone, and what runs. */
export interface Outcome {
  status: string;
  /** Names of steps. */
  undone: string;
  runs: Runs;
}

/** Expected result of a command that is killed in a step, on one side of the step's effect. */
export interface Row extends Outcome {
  step: string;
  side: Side;
}

const SIDES: Side[] = ['before', 'after'];

/** Parses rows from a text with a line for each step, `step [side] | status | undone | runs`; a line without a side is for both. */
export function rowsOf(text: string): Row[] {
  return text
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [where = '', status = '', undone = '', runs = ''] = line.split('|').map((cell) => cell.trim());
      const [, step = '', side] = /^(.*?)(?: (before|after))?$/.exec(where) ?? [];
      const sides = SIDES.filter((other) => side === undefined || side === other);
      return sides.map((on) => ({ step, side: on, status, undone, runs: runs as Runs }));
    });
}

/** A kind of change that is killed, in a world of its own. */
export interface Kind<Before> {
  /** Makes the world, and starts its gateway. */
  world(atEnd: AtEnd): Promise<World>;
  /** Makes what one attempt needs, and answers its command line. */
  attempt(world: World): Promise<string[]>;
  /** Records what an attempt must leave as it is. */
  look(world: World): Promise<Before>;
  /** Compares the state with the one before; it must belong to the release that runs. */
  check(world: World, before: Before, runs: Runs, moment: Moment): Promise<void>;
  /** Rows for all steps of the command, from the first to the last. */
  rows: Row[];
}

/** Kills a command in each of its steps, on both sides of the step's effect, recovers, and compares the result. */
export function testKills<Before>({ world: make, attempt, look, check, rows }: Kind<Before>): void {
  const atEnd = atEndOfAll();
  let world: World;
  let moments: Moment[];

  beforeAll(async () => {
    world = await make(atEnd);
    moments = momentsOf(await traceOf(world, await attempt(world)));
  });

  test('every moment lies in a step, on a side, that the table states', () => {
    const keys = [...new Set(moments.map(keyOf))];
    const [first, last] = [rows[0], rows.at(-1)] as [Row, Row];
    expect(rows.map(keyOf)).toEqual(keys.slice(keys.indexOf(keyOf(first)), keys.indexOf(keyOf(last)) + 1));
  });

  const titled = rows.map((row) => [row.side, row.step, row.status, row.runs, row] as const);
  test.each(titled)(
    'killed %s the effect of %s: %s, the %s release runs',
    async (_side, _step, _status, _runs, row) => {
      const tried = inTurn(moments.filter((other) => keyOf(other) === keyOf(row)));
      expect(tried).not.toEqual([]);
      for (const moment of tried) {
        const args = await attempt(world);
        const before = await look(world);
        const outcome = await killedAt(world, moment, args);
        const { status, undone, runs } = row;
        expect({ point: moment.point, ...outcome }).toEqual({ point: moment.point, status, undone, runs });
        await check(world, before, outcome.runs, moment);
      }
    },
    1_800_000,
  );
}

/** Expected result of a command that fails: in a step, with a kind of record, or at a named point. */
export interface FailureRow {
  what: string;
  status: string;
  runs: Runs;
}

/** Parses rows from a text with a line each, `what | status | runs`. */
export function failureRowsOf(text: string): FailureRow[] {
  const lines = text.trim().split('\n');
  return lines.map((line) => {
    const [what = '', status = '', runs = ''] = line.split('|').map((cell) => cell.trim());
    return { what, status, runs: runs as Runs };
  });
}

const CODES: Record<string, [code: string, exit: number]> = {
  ENOSPC: ['insufficient_space', 3],
  EIO: ['write_failed', 4],
  throw: ['internal', 4],
};

/** Answer that follows from a verdict and from the injected error. */
function answerOf(status: string, effect: string): string {
  if (status === 'package_updated_restart_verified') return `${status} 0`;
  const [code = '', exit] = CODES[effect] ?? [];
  if (status === 'no change') return `${code} ${exit}`;
  return `${status} ${code} ${status === 'package_update_failed' ? exit : 5}`;
}

/** Lets a command fail in each of its steps, and compares its answer. */
export function testFailures({
  world: make,
  attempt,
  rows,
}: Pick<Kind<null>, 'world' | 'attempt'> & { rows: FailureRow[] }): void {
  const atEnd = atEndOfAll();
  let world: World;
  let failures: (Failure & { row: FailureRow | undefined })[];

  beforeAll(async () => {
    world = await make(atEnd);
    failures = failuresOf(await traceOf(world, await attempt(world))).map((failure) => {
      const what = failure.keys.find((key) => rows.some((row) => row.what === key));
      return { ...failure, row: rows.find((row) => row.what === what) };
    });
  });

  test('every point at which it can fail is in a row, and every row has one', () => {
    expect(failures.filter(({ row }) => row === undefined)).toEqual([]);
    expect(new Set(failures.map(({ row }) => row))).toEqual(new Set(rows));
  });

  const titled = rows.map((row) => [row.what, row.status, row.runs, row] as const);
  test.each(titled)(
    'that fails in %s: %s, the %s release runs',
    async (_what, _status, _runs, row) => {
      const tried = inTurn(failures.filter((other) => other.row === row));
      expect(tried).not.toEqual([]);
      for (const { effect, point } of tried) {
        const fault = `${effect} ${point}`;
        const answer = await failedAt(world, fault, await attempt(world));
        expect([fault, ...answer]).toEqual([fault, answerOf(row.status, effect), row.runs]);
      }
    },
    1_800_000,
  );
}

function keyOf({ step, side }: Pick<Moment, 'step' | 'side'>): string {
  return `${step} ${side}`;
}

/** Limits that keep a table to about a minute. */
const LIMITS = ['--settle', '0.1', '--ready-timeout', '3', '--idle-timeout', '0'];

/** Lists the points that a command passes, in order. */
export async function traceOf(world: World, args: string[]): Promise<string[]> {
  const trace = join(world.path, `trace-${Date.now()}`);
  await command(world, args, { OPENCLAW_RELEASES_FAULT_TRACE: trace });
  return readFileSync(trace, 'utf8').trim().split('\n');
}

function command(world: World, args: string[], env: Record<string, string>) {
  const [name = '', ...others] = args;
  // An attempt's own options come last, and win.
  return execa(world.node, [CLI, name, ...LIMITS, ...others, '--json'], {
    env: { ...world.env, ...env },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
}

async function killedAt(world: World, { point, step }: Moment, args: string[]): Promise<Outcome> {
  const root = rootAt(world.root);
  const before = listChanges(root).length;
  const old = await versionThatRuns(world);
  const { signal, stdout, stderr } = await command(world, args, {
    OPENCLAW_RELEASES_FAULT: `kill ${point}`,
    OPENCLAW_RELEASES_FAULT_STAMP: join(world.path, `stamp-${Date.now()}`),
  });
  if (signal !== 'SIGKILL')
    throw new Error(`${args.join(' ')} never came to: ${point}\n${stdout}\n${stderr}`);
  await recover({ root, supervisor: builtinSupervisor(root.path) });
  await checkSettled(root);
  const [change, ...others] = listChanges(root).slice(before);
  expect(others, 'more than one change was begun').toEqual([]);
  const runs = (await versionThatRuns(world)) === old ? 'old' : 'new';
  if (change === undefined) return { status: 'no change', undone: '', runs };
  checkVerdict(change, step);
  const undone = change.steps.filter(({ state }) => state === 'undone').map(({ name }) => name);
  return { status: change.status ?? 'no verdict', undone: undone.join(' '), runs };
}

/** Checks that only a verified release is kept, and that the record names recovery unless the change itself ended. */
function checkVerdict(change: Change, step: string): void {
  const isKept = change.status === 'package_updated_restart_verified';
  const proof = (['verify', 'commit'] as const).map((name) => stepOf(change, name)?.state);
  if (isKept) expect(proof).toEqual(['done', 'done']);
  const how = isKept ? 'finished' : 'undone';
  expect(change.recovery?.outcome).toBe(step === 'verdict' ? undefined : how);
}

/** Answers how a command fails at a point: `status code exit`, and what runs. */
async function failedAt(world: World, fault: string, args: string[]): Promise<[string, Runs]> {
  const old = await versionThatRuns(world);
  const stamp = join(world.path, `stamp-${Date.now()}`);
  const { exitCode, stdout, stderr } = await command(world, args, {
    OPENCLAW_RELEASES_FAULT: fault,
    OPENCLAW_RELEASES_FAULT_STAMP: stamp,
  });
  if (!existsSync(stamp))
    throw new Error(`${args.join(' ')} never came to: ${fault}\n${exitCode} ${stdout}\n${stderr}`);
  const { status, error } = JSON.parse(stdout);
  await checkSettled(rootAt(world.root));
  const words = [status, error?.code, exitCode].filter((word) => word !== null && word !== undefined);
  return [words.join(' '), (await versionThatRuns(world)) === old ? 'old' : 'new'];
}

async function versionThatRuns(world: World): Promise<string | null> {
  await until('the gateway answers', async () => (await world.version()) !== null);
  return world.version();
}

/** Checks for one whole release, named by `current`, and nothing left to remove by hand. */
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
