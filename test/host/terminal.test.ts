import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { commandLineOf, descendsFrom, processIds } from '../../src/host/process.js';
import { listChanges, unfinishedChanges } from '../../src/ledger/ledger.js';
import { rootAt } from '../../src/store/root.js';
import { until } from '../support/place.js';
import { CLI, makeWorld, type World } from '../support/world.js';

const NEW = '2026.6.5';

interface Terminal {
  child: ChildProcess;
  /** The command's own process, below that of `script`. */
  command(): number;
  screen(): string;
  ended: Promise<number | null>;
}

/** Runs an update under a pseudo-terminal, as a person does. */
function updateOnTerminal(world: World): Terminal {
  const line = `exec '${world.node}' '${CLI}' update ${NEW} --settle 60`;
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', line, '/dev/null'], {
    env: { ...world.env, TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: 'pipe',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let screen = '';
  child.stdout.on('data', (chunk) => {
    screen += chunk;
  });
  const mine = (pid: number) =>
    descendsFrom(pid, child.pid ?? -1) && commandLineOf(pid).startsWith(world.node);
  return {
    child,
    command: () => processIds().find(mine) ?? -1,
    screen: () => screen,
    ended: new Promise((resolve) => child.once('exit', resolve)),
  };
}

const ways = {
  'Ctrl-C': ({ child }: Terminal) => void child.stdin?.write('\x03'),
  SIGTERM: (terminal: Terminal) => void process.kill(terminal.command(), 'SIGTERM'),
};

const rows = [
  { step: 'stage', exitCode: 4, status: 'package_update_failed' },
  { step: 'verify', exitCode: 5, status: 'rolled_back' },
].flatMap((row) => Object.keys(ways).map((way) => ({ ...row, way: way as keyof typeof ways })));

test.each(rows)('$way on a terminal in $step undoes the update', async ({ way, step, exitCode, status }) => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  world.publish(NEW);
  await world.start('2026.6.1');
  if (step === 'stage')
    world.registry.fault({ kind: 'slow', match: /openclaw-2026\.6\.5\.tgz/, delayMs: 600_000 });
  const root = rootAt(world.root);
  const terminal = updateOnTerminal(world);
  const isThere = () => unfinishedChanges(root).at(-1)?.steps.at(-1)?.name === step;
  await until(`the update is at ${step}`, isThere);
  ways[way](terminal);
  expect(await terminal.ended, terminal.screen()).toBe(exitCode);
  expect(listChanges(root).at(-1)).toMatchObject({ status, error: { code: 'interrupted' } });
  expect(await world.version()).toBe('2026.6.1');
  expect(await world.ok('status')).toMatchObject({ current: '2026.6.1', trial: null, interrupted: [] });
  expect(readdirSync(join(world.root, 'staging'))).toEqual([]);
});
