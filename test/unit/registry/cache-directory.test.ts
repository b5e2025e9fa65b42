import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requireCache } from '../../../src/registry/cache-directory.js';
import { temporaryDirectory } from '../../support/place.js';

test("npm's cache is refused where it cannot be made", () => {
  const home = temporaryDirectory('home');
  expect(() => requireCache(join(home, '.npm/_cacache'))).not.toThrow();
  writeFileSync(join(home, '.npm'), '', { mode: 0o644 });
  expect(() => requireCache(join(home, '.npm/_cacache'))).toThrow(
    expect.objectContaining({
      code: 'cache_unwritable',
      hint: expect.stringContaining('npm config set cache'),
    }),
  );
});
