import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { writePlanned } from '../../../src/host/written.js';
import { temporaryDirectory } from '../../support/place.js';

test.each([
  ['root', 0, 0o755],
  ['a user', 1500, 0o700],
])('under umask 077 %s makes directories of the mode that fits', (_, uid, mode) => {
  const umask = process.umask(0o077);
  const user = vi.spyOn(process, 'geteuid').mockReturnValue(uid);
  onTestFinished(() => {
    process.umask(umask);
    user.mockRestore();
  });
  const path = join(temporaryDirectory('units'), 'gateway.service.d/ours.conf');
  writePlanned([{ kind: 'file', path, content: '', mode: 0o644 }]);
  expect(statSync(dirname(path)).mode & 0o777).toBe(mode);
  expect(statSync(path).mode & 0o777).toBe(0o644);
});
