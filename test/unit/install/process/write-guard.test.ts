import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { writeGuard } from '../../../../src/install/process/write-guard.js';
import { temporaryDirectory } from '../../../support/place.js';

const isRoot = process.getuid?.() === 0;

afterEach(() => vi.unstubAllEnvs());

test('under the guard no command writes to a read-only file, and all else works', async () => {
  const directory = temporaryDirectory('guard');
  const guard = await writeGuard(directory);
  if (guard === null) throw new Error('There is no guard here.');
  expect(guard.length > 0).toBe(isRoot);
  expect(readdirSync(directory)).toEqual([]);
  const [sealed, open] = [join(directory, 'sealed'), join(directory, 'open')];
  for (const path of [sealed, open]) writeFileSync(path, 'was');
  chmodSync(sealed, 0o444);
  const append = (path: string) => {
    const [file = '', ...args] = [...guard, 'sh', '-c', 'echo more >>"$1"', 'sh', path];
    return spawnSync(file, args).status;
  };
  expect([append(sealed), append(open)]).toEqual([2, 0]);
  expect([readFileSync(sealed, 'utf8'), readFileSync(open, 'utf8')]).toEqual(['was', 'wasmore\n']);
});

test('the superuser has no guard without setpriv, and another user needs none', async () => {
  const bin = temporaryDirectory('bin');
  const shell = execFileSync('sh', ['-c', 'command -v sh'], { encoding: 'utf8' }).trim();
  writeFileSync(join(bin, 'sh'), `#!${shell}\nexec ${shell} "$@"\n`, { mode: 0o755 });
  vi.stubEnv('PATH', bin);
  expect(await writeGuard(temporaryDirectory('guard'))).toEqual(isRoot ? null : []);
});
