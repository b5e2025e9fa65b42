import { readlinkSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { newChange, saveChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import { restoreCurrent } from '../../../src/rollback/repair-current.js';
import { currentRelease, pointCurrent, pointPrevious } from '../../../src/store/links.js';
import type { Root } from '../../../src/store/root.js';
import { nobody } from '../../support/nobody.js';
import { temporaryRoot } from '../../support/place.js';
import { sealTinyRelease } from '../../support/release.js';

async function rootWith(...ids: string[]): Promise<Root> {
  const root = temporaryRoot();
  for (const id of ids) await sealTinyRelease(root, id);
  return root;
}

function verified(root: Root, to: string): void {
  const change = newChange(planChange('update', to), { from: null, previous: null, to });
  saveChange(root, { ...change, status: 'package_updated_restart_verified', endedAt: change.startedAt });
}

test('a current that names a release stays', async () => {
  const root = await rootWith('2026.5.1', '2026.6.1');
  pointCurrent(root, '2026.5.1');
  pointPrevious(root, '2026.6.1');
  expect(await restoreCurrent(root, nobody, false)).toBeNull();
  expect(currentRelease(root)).toBe('2026.5.1');
});

test('a current that points to nothing is repaired to name the previous release', async () => {
  const root = await rootWith('2026.5.1', '2026.6.1');
  symlinkSync('releases/gone', root.current);
  pointPrevious(root, '2026.5.1');
  expect(await restoreCurrent(root, nobody, false)).toMatchObject({
    path: root.current,
    instead: 'It names 2026.5.1 now, which was well here.',
  });
  expect(readlinkSync(root.current)).toBe('releases/2026.5.1');
});

test('a current that was no link is repaired without a previous to name the last proven release', async () => {
  const root = await rootWith('2026.5.1', '2026.6.1', '2026.7.1');
  verified(root, '2026.6.1');
  await restoreCurrent(root, nobody, true);
  expect(currentRelease(root)).toBe('2026.6.1');
});

test('no release becomes current where none was before', async () => {
  const root = await rootWith('2026.5.1');
  verified(root, '2026.5.1');
  expect(await restoreCurrent(root, nobody, false)).toBeNull();
  expect(currentRelease(root)).toBeNull();
});
