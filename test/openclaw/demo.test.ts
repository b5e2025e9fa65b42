import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ExecaError, execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { environmentOf, processIds } from '../../src/host/process.js';
import { atEndOfAll } from '../support/at-end.js';
import { temporaryDirectory, writeTree } from '../support/place.js';
import { CLI } from '../support/world.js';

/** Two stages, three starts and two settling times of real OpenClaw, on a busy machine. */
const LONG_MS = 600_000;

const atEnd = atEndOfAll();
let cache: string;
let temporary: string;

beforeAll(() => {
  const directory = temporaryDirectory('demo', atEnd);
  cache = join(directory, 'cache');
  temporary = writeTree(join(directory, 'tmp'), { '.keep': '' });
});

function startDemo() {
  return execa(process.execPath, [CLI, 'demo', '--cache', cache], {
    env: { TMPDIR: temporary },
    reject: false,
    stdin: 'ignore',
    all: true,
    timeout: LONG_MS,
    forceKillAfterDelay: false,
  });
}

/** Every process that the demo started, directly or not, has its temporary directory in the environment. */
function leftBehind(): string[] {
  const processes = processIds().filter((pid) => environmentOf(pid).TMPDIR?.startsWith(temporary));
  return [
    ...processes.map((pid) => `process ${pid}`),
    ...readdirSync(temporary).filter((name) => name !== '.keep'),
  ];
}

test('the demo on real OpenClaw: stage, run, update, verify, roll back, and nothing left', {
  timeout: LONG_MS,
}, async () => {
  const { exitCode, all } = await startDemo();
  expect(exitCode, all).toBe(0);
  expect(all.match(/^package_updated_restart_verified: /gm)).toHaveLength(2);
  expect(all).toMatch(/is intact: \d{5} files/);
  expect(all).toMatch(/update {4}\d+\.\d+ s\n {2}rollback {2}\d+\.\d+ s/);
  expect(leftBehind()).toEqual([]);
});

test.each([
  ['resolving', /stage /],
  ['installing', /resolve .*\n.*check-space /],
  ['verifying the update', /✔ restart /],
])('Ctrl-C while %s leaves nothing behind', { timeout: LONG_MS }, async (_, moment) => {
  const demo = startDemo();
  let seen = '';
  demo.all.on('data', (text) => {
    seen += text;
    if (moment.test(seen) && !seen.includes('Interrupted.')) demo.kill('SIGINT');
  });
  const { exitCode, all } = (await demo) as ExecaError & { all: string };
  expect(exitCode, all).toBe(130);
  expect(all).toContain('Nothing is left behind');
  expect(leftBehind()).toEqual([]);
});
