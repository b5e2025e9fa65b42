import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Change, listChanges, unfinishedChanges } from '../../src/ledger/ledger.js';
import { planChange, type StepName } from '../../src/ledger/plan.js';
import { currentRelease } from '../../src/store/links.js';
import { findManifest } from '../../src/store/manifest.js';
import { type Root, rootAt } from '../../src/store/root.js';
import { atEndOfAll } from '../support/at-end.js';
import { type Shown, show } from '../support/on-terminal.js';
import { until } from '../support/place.js';
import { installPlugin, PLUGIN } from '../support/plugin.js';
import { makeWorld, type World } from '../support/world.js';

const OLD = '2026.6.1';
const NEW = '2026.6.5';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const BY = { SIGINT: 'Ctrl-C', SIGTERM: 'SIGTERM', SIGHUP: 'the terminal was closed' };

/** Steps in which a signal comes too late: the release is proven. */
const PROVEN: StepName[] = ['commit', 'prune'];
const STEPS = planChange('update', OLD, { idle: { withinMs: 1, countdownMs: 0 } }).steps;

interface Row {
  step: StepName;
  signal: (typeof SIGNALS)[number];
  terminal: boolean;
  twice: boolean;
}

const all: Row[] = STEPS.flatMap((step) =>
  SIGNALS.flatMap((signal) =>
    [true, false].flatMap((terminal) => [true, false].map((twice) => ({ step, signal, terminal, twice }))),
  ),
);
/** Each step with each signal; terminal and repetition take turns. OPENCLAW_RELEASES_SIGNALS_EVERY=1 runs all. */
const rows = process.env.OPENCLAW_RELEASES_SIGNALS_EVERY
  ? all
  : all.filter((_, index) => index % 4 === Math.floor(index / 4) % 4);

const atEnd = atEndOfAll();
let world: World;
let root: Root;

beforeAll(async () => {
  world = await makeWorld(atEnd);
  root = rootAt(world.root);
  for (const version of [OLD, NEW]) world.publish(version, { plugins: { to: { chat: version } } });
  await world.start(OLD);
});

/** Installs a plugin for the release that runs, until the end of the row; each release updates it to its own version. */
function withPlugin(release: string): void {
  const state = world.env.OPENCLAW_STATE_DIR ?? '';
  installPlugin(state, release, join(world.root, 'releases', release));
  onTestFinished(() => {
    for (const path of ['npm', 'plugins']) rmSync(join(state, path), { recursive: true });
  });
}

function expectPluginOf(release: string): void {
  const path = join(world.env.OPENCLAW_STATE_DIR ?? '', PLUGIN);
  expect(JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')).version).toBe(release);
  expect(readlinkSync(join(path, 'node_modules/openclaw'))).toContain(`/releases/${release}/`);
}

const stamp = () => join(world.path, 'hangs');
const last = () => listChanges(root).at(-1) as Change;

/** Starts an update that stops in a step, with the signal pending, until `go` is called. */
async function updateAt(
  step: StepName,
  terminal: boolean,
): Promise<{ from: string; to: string; shown: Shown; go(): void }> {
  const from = currentRelease(root) ?? OLD;
  const to = from === OLD ? NEW : OLD;
  // A signal that came just after the seal leaves a whole release, with which the next update would have nothing to seal.
  if (STEPS.indexOf(step) <= STEPS.indexOf('seal') && findManifest(root, to)) await world.ok('remove', to);
  const args = ['update', to, '--settle', '0.3', '--idle-timeout', '1'];
  // Plugins that are updated already are the ones to undo.
  const point = step === 'plugins' ? 'after plugins' : `before ${step}`;
  const env = { OPENCLAW_RELEASES_FAULT: `hang ${point}`, OPENCLAW_RELEASES_FAULT_STAMP: stamp() };
  const shown = show(world, args, { terminal, env, atEnd });
  await until(`the update is at ${step}`, () => existsSync(stamp()));
  return { from, to, shown, go: () => rmSync(stamp()) };
}

function expectedEnd(step: StepName): { exitCode: number; status: string } {
  if (PROVEN.includes(step)) return { exitCode: 0, status: 'package_updated_restart_verified' };
  if (step === 'verify' || step === 'plugins') return { exitCode: 5, status: 'rolled_back' };
  if (step === 'restart') return { exitCode: 5, status: 'package_updated_restart_failed' };
  return { exitCode: 4, status: 'package_update_failed' };
}

async function expectNothingLeft(current: string): Promise<void> {
  expect(await world.version()).toBe(current);
  const status = await world.ok('status');
  expect(status).toMatchObject({ current, trial: null, running: null, interrupted: [], lock: null });
  expect(readdirSync(root.staging)).toEqual([]);
}

test.each(rows)(
  '$signal in $step (terminal: $terminal, twice: $twice) leaves one whole release, and nothing begun',
  async (row) => {
    const { step, signal, terminal, twice } = row;
    if (step === 'plugins') withPlugin(currentRelease(root) ?? OLD);
    const { from, to, shown, go } = await updateAt(step, terminal);
    shown.send(signal);
    go();
    if (twice) {
      await until('the first signal is heeded', () =>
        unfinishedChanges(root).every(({ error }) => error !== null),
      );
      shown.send(signal);
    }
    const exitCode = await shown.ended;
    // Nobody sees the end of a command whose terminal is gone.
    await until('the change has its verdict', () => last().endedAt !== null);
    const isProven = PROVEN.includes(step);
    const expected = expectedEnd(step);
    if (!(terminal && signal === 'SIGHUP')) expect(exitCode, shown.screen()).toBe(expected.exitCode);
    expect(last(), shown.screen()).toMatchObject({
      status: expected.status,
      facts: { to: step === 'resolve' ? null : to },
    });
    if (!isProven)
      expect(last().error).toMatchObject({
        code: 'interrupted',
        message: `Cancelled by you (${BY[signal]}).`,
      });
    await until('the lock is free', () => !existsSync(root.lock));
    await expectNothingLeft(isProven ? to : from);
    if (step === 'plugins') expectPluginOf(from);
  },
);
