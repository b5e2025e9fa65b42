import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startingFacts } from '../../../src/change/starting-facts.js';
import { planChange } from '../../../src/ledger/plan.js';
import { requestRestore } from '../../../src/state/restore-records.js';
import { pointCurrent } from '../../../src/store/links.js';
import { nobody } from '../../support/nobody.js';
import { temporaryRoot } from '../../support/place.js';
import { sealTinyRelease } from '../../support/release.js';

async function aRoot() {
  const root = temporaryRoot();
  for (const id of ['2026.5.1', '2026.6.1']) await sealTinyRelease(root, id);
  pointCurrent(root, '2026.6.1');
  return root;
}

const plan = planChange('switch', '2026.5.1', { restart: false });

test('a change begins from the release that current names where no gateway runs', async () => {
  const root = await aRoot();
  expect(await startingFacts({ root, supervisor: nobody }, plan)).toEqual({
    ...{ from: '2026.6.1', previous: null, to: '2026.5.1' },
  });
});

test('a change is refused while a restore is pending, and names its release', async () => {
  const root = await aRoot();
  requestRestore(root, {
    ...{ schema: 1, change: 'a-change', release: '2026.5.1', from: 'kept', phase: 'pending' },
    ...{ aside: { name: 'aside', release: '2026.6.1' }, onlyIfChanged: true },
    place: { directory: root.path, config: null },
  });
  await expect(startingFacts({ root, supervisor: nobody }, plan)).rejects.toMatchObject({
    code: 'restore_pending',
    message: expect.stringContaining('of 2026.5.1 is restored at the next start'),
    untouched: 'Nothing was changed.',
  });
});

test('a change is refused while restore.json is corrupt', async () => {
  const root = await aRoot();
  writeFileSync(root.restore, '{"schema": 2}');
  await expect(startingFacts({ root, supervisor: nobody }, plan)).rejects.toMatchObject({
    code: 'restore_pending',
    message: expect.stringContaining('a release that cannot be told'),
  });
});
