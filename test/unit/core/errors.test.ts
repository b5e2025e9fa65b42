import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ERROR_CODES, toErrorRecord } from '../../../src/core/errors.js';

const at = (folder: string) => fileURLToPath(new URL(folder, import.meta.url));

/** Sources of the tests that run with every change, without this one. */
const TESTS = [at('..'), at('../../integration')]
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  )
  .filter((path) => path.endsWith('.test.ts') && path !== fileURLToPath(import.meta.url))
  .map((path) => readFileSync(path, 'utf8'));

test.each(Object.keys(ERROR_CODES))(
  '%s is an error code that a test below unit/ or integration/ names',
  (code) => {
    expect(TESTS.some((text) => text.includes(`'${code}'`))).toBe(true);
  },
);

test.each([
  'ENOTDIR',
  'EISDIR',
  'ERR_FS_EISDIR',
  'ENOTEMPTY',
  'EEXIST',
  'ELOOP',
  'ENAMETOOLONG',
  'ENXIO',
  'EACCES',
])('%s, which says that another file lies there, is no defect of this program', (code) => {
  expect(toErrorRecord(Object.assign(new Error('x'), { code }))).toMatchObject({ code: 'write_failed' });
});
