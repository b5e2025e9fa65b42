import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { whyRelease } from '../../../src/views/why.js';
import { temporaryRoot } from '../../support/place.js';
import { sealTinyRelease } from '../../support/release.js';

test('why knows no fate of a release while prune refuses for corrupt records', async () => {
  const root = temporaryRoot();
  await sealTinyRelease(root, '2026.9.6');
  expect(whyRelease(root, '2026.9.6')).toMatchObject({ notPlanned: null });
  writeFileSync(join(root.path, 'policy.json'), '{');
  expect(whyRelease(root, '2026.9.6')).toMatchObject({
    kept: null,
    notPlanned: expect.stringContaining('it is not known what is still needed'),
  });
});
