import { rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { makeTemporaryDirectory } from '../../../src/host/temporary.js';
import { temporaryDirectory } from '../../support/place.js';

function made(): string {
  const path = makeTemporaryDirectory('openclaw-releases-test-');
  onTestFinished(() => rmSync(path, { recursive: true }));
  expect(statSync(path).isDirectory()).toBe(true);
  return path;
}

test('a temporary directory is below TMPDIR where that can be used', () => {
  const place = temporaryDirectory();
  vi.stubEnv('TMPDIR', place);
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(dirname(made())).toBe(place);
});

test.each(['/proc', '/proc/nothing', '/dev/null', 'a file'])('and elsewhere where TMPDIR is %s', (named) => {
  const file = join(temporaryDirectory(), 'file');
  writeFileSync(file, '');
  vi.stubEnv('TMPDIR', named === 'a file' ? file : named);
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(['/tmp', '/var/tmp']).toContain(dirname(made()));
});
