import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { refuseNoexec } from '../../../src/host/executable.js';
import { temporaryDirectory } from '../../support/place.js';

/** Answers of the kernel for a filesystem with `noexec`; `test/host/refused-places.test.ts` has a real one. */
const kernel = vi.hoisted(() => ({ forbids: false }));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return {
    ...fs,
    accessSync(path: string, mode: number) {
      if (kernel.forbids && mode === fs.constants.X_OK)
        throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
      fs.accessSync(path, mode);
    },
  };
});

test('a root is refused where the kernel starts no program that has the right to be executed', () => {
  const root = temporaryDirectory('root');
  const launcher = join(root, 'bin/gateway');
  mkdirSync(join(root, 'bin'));
  kernel.forbids = true;
  expect(() => refuseNoexec(launcher)).not.toThrow();
  writeFileSync(launcher, '', { mode: 0o644 });
  expect(() => refuseNoexec(launcher)).not.toThrow();
  chmodSync(launcher, 0o755);
  expect(() => refuseNoexec(launcher)).toThrow(
    expect.objectContaining({ code: 'root_noexec', message: expect.stringContaining(root) }),
  );
  kernel.forbids = false;
  expect(() => refuseNoexec(launcher)).not.toThrow();
});
