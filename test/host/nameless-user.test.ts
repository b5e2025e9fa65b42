import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { ordinaryUser } from '../support/ordinary-user.js';
import { temporaryDirectory } from '../support/place.js';

/** A number that the list of users does not have, as a container may run under. */
const NAMELESS = 61_234;

test('every command works, or says what is missing, for a user without a name, HOME and TMPDIR', async () => {
  const root = temporaryDirectory('root');
  chownSync(root, NAMELESS, NAMELESS);
  const { command, checkout } = ordinaryUser(NAMELESS);
  const run = async (args: string[], env: Record<string, string> = {}) => {
    const [file = '', ...rest] = [...command, process.execPath, join(checkout, 'dist/cli/main.cjs'), ...args];
    const { exitCode, stdout } = await execa(file, [...rest, '--json'], {
      cwd: '/',
      env: { PATH: process.env.PATH ?? '', TMPDIR: '/proc/nothing', ...env },
      extendEnv: false,
      reject: false,
    });
    return { exitCode, code: JSON.parse(stdout).error?.code ?? null };
  };
  const at = ['--root', root];
  for (const name of ['list', 'status', 'history', 'doctor', 'recover', 'hold', 'unhold', 'prune'])
    expect(await run([name, ...at]), name).toEqual({ exitCode: 0, code: null });
  expect(await run(['adopt', '--dry-run', ...at])).toEqual({ exitCode: 3, code: 'supervisor_not_found' });
  expect(await run(['verify', ...at])).toEqual({ exitCode: 3, code: 'no_current' });
  const missing = { exitCode: 3, code: 'home_unknown' };
  expect(await run(['list'])).toEqual(missing);
  expect(await run(['timer', 'status', ...at])).toEqual(missing);
  expect(await run(['timer', 'status', ...at], { OPENCLAW_STATE_DIR: '/proc/nothing' })).toMatchObject({
    exitCode: 0,
  });
  expect(await run(['stage', '2026.6.1', ...at])).toEqual(missing);
});
