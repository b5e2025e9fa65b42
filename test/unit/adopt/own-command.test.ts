import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ownCommand } from '../../../src/adopt/plan.js';

const ROOT = '/home/claw/releases';

function runsOn(node: string): void {
  const { execPath } = process;
  process.execPath = node;
  onTestFinished(() => {
    process.execPath = execPath;
  });
}

test.each([
  ['/usr/bin/node', '/usr/bin/node'],
  // It is removed with the last release that runs on it.
  [`${ROOT}/runtimes/node-24.1.0/bin/node`, `${ROOT}/current/node`],
  [`${ROOT}/runtimes-of-mine/bin/node`, `${ROOT}/runtimes-of-mine/bin/node`],
])('a unit that %s writes starts %s', (node, written) => {
  runsOn(node);
  const [program, cli, ...words] = ownCommand(ROOT, 'timer', 'run');
  expect([program, ...words]).toEqual([written, 'timer', 'run']);
  expect(cli).toMatch(new RegExp(`${join('dist', 'cli', 'main.cjs')}$`));
});
