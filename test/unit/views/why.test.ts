import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { quarantine } from '../../../src/store/quarantine.js';
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

test('why knows the quarantine of a release that was never sealed, until it ends', () => {
  const root = temporaryRoot();
  const cause = { code: 'probe_failed' as const, message: 'bad' };
  quarantine(root, '2026.9.6', { cause, change: 'c', at: new Date().toISOString() });
  expect(whyRelease(root, '2026.9.6')).toMatchObject({ staged: false, quarantine: { cause } });
  quarantine(root, '2026.9.5', { cause, change: 'c', at: '2020-01-01T00:00:00Z' });
  expect(() => whyRelease(root, '2026.9.5')).toThrow(/No record/);
});
