import { existsSync, mkdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { expect, test, vi } from 'vitest';
import { claim } from '../../../../src/supervisor/builtin/claim.js';
import { readRunRecord } from '../../../../src/supervisor/builtin/record.js';
import { temporaryRoot } from '../../../support/place.js';

vi.mock('proper-lockfile', async () => {
  const library = await vi.importActual<typeof import('proper-lockfile')>('proper-lockfile');
  return { ...library, lock: vi.fn(library.lock) };
});

const ignore = () => {};

test('a lock from a time when the clock was ahead does not keep the gateway down', async () => {
  const { path } = temporaryRoot();
  const left = join(path, 'run.lock');
  mkdirSync(left);
  const later = new Date(Date.now() + 86_400_000);
  utimesSync(left, later, later);
  expect(await claim(path, ignore)).toBeNull();
  expect(readRunRecord(path)?.supervisor.pid).toBe(process.pid);
  expect(existsSync(left)).toBe(false);
});

test.each(['ENOSPC', 'EDQUOT'])(
  'a disk without room for the lock does not keep the gateway down (%s)',
  async (code) => {
    const { path } = temporaryRoot();
    vi.mocked(lock).mockRejectedValueOnce(Object.assign(new Error(code), { code, syscall: 'mkdir' }));
    await claim(path, ignore);
    expect(readRunRecord(path)?.supervisor.pid).toBe(process.pid);
  },
);

test('a directory that this user may not write in is named as the reason', async () => {
  const { path } = temporaryRoot();
  vi.mocked(lock).mockRejectedValueOnce(
    Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'mkdir' }),
  );
  await expect(claim(path, ignore)).rejects.toMatchObject({ code: 'root_unwritable' });
});
