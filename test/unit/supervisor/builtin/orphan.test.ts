import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { descendantsOf, identify } from '../../../../src/host/process.js';
import { endOrphan, findOrphan } from '../../../../src/supervisor/builtin/orphan.js';
import { parentsOf } from '../../../../src/supervisor/builtin/record.js';
import { temporaryDirectory, until } from '../../../support/place.js';

/** A process of its own, with its identity. */
function begin(...argv: [string, ...string[]]) {
  const [program, ...args] = argv;
  const child = spawn(program, args, { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const identity = identify(child.pid ?? 0);
  if (!identity) throw new Error('The process ended at once.');
  return { child, identity };
}

function rootWith(record: object): string {
  const root = temporaryDirectory();
  writeFileSync(join(root, 'run.json'), JSON.stringify(record));
  return root;
}

test('a run is no orphan while it lives and those above it', () => {
  const self = identify(process.pid);
  const { identity: supervisor } = begin('sleep', '60');
  expect(findOrphan(rootWith({ supervisor, parents: [self], gateway: null }))).toBe(null);
  // Of a version that does not record it.
  expect(findOrphan(rootWith({ supervisor, gateway: null }))).toBe(null);
  expect(findOrphan(temporaryDirectory())).toBe(null);
});

test('a run is an orphan once one above it has ended, and ends when it is asked', async () => {
  const parent = begin('sleep', '60');
  const { child, identity: supervisor } = begin('sleep', '60');
  const root = rootWith({ supervisor, parents: [identify(process.pid), parent.identity], gateway: null });
  parent.child.kill('SIGKILL');
  await once(parent.child, 'exit');
  expect(findOrphan(root)).toEqual(supervisor);
  const ended = once(child, 'exit');
  await endOrphan(supervisor, 1_000);
  expect(await ended).toEqual([null, 'SIGTERM']);
  expect(findOrphan(root)).toBe(null);
  await endOrphan(supervisor, 1_000);
});

test('the processes above a run reach over a shell to the program that keeps it running', async () => {
  const { identity: shell } = begin('/bin/sh', '-c', 'sleep 60 & wait');
  const below = () => descendantsOf(shell.pid).find((pid) => pid !== shell.pid);
  await until('the shell has started it', () => below() !== undefined);
  const pid = below() ?? 0;
  onTestFinished(() => void process.kill(pid, 'SIGKILL'));
  expect(parentsOf(pid)).toEqual([shell, identify(process.pid)]);
});
