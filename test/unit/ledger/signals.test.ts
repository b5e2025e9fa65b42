import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recover } from '../../../src/change/run.js';
import { newChange, saveChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import { dropWishes, wish, wished } from '../../../src/ledger/signals.js';
import { builtinSupervisor } from '../../../src/supervisor/builtin/client.js';
import { temporaryRoot } from '../../support/place.js';

test('a wish for a change, and who made it, is read until it is dropped', () => {
  const root = temporaryRoot();
  expect(wished(root, 'a', 'cancel')).toBeNull();
  wish(root, 'a', 'cancel', 'timer');
  wish(root, 'a', 'restart-now', 'gateway');
  wish(root, 'b', 'restart-now', 'person');
  expect(wished(root, 'a', 'cancel')).toBe('timer');
  expect(wished(root, 'a', 'restart-now')).toBe('gateway');
  dropWishes(root, 'a');
  expect([wished(root, 'a', 'cancel'), wished(root, 'a', 'restart-now')]).toEqual([null, null]);
  expect(wished(root, 'b', 'restart-now')).toBe('person');
});

test.each(['', '\0\0\0', '{}', 'touched by hand'])('that the file is there is what counts: %j', (text) => {
  const root = temporaryRoot();
  writeFileSync(join(root.staging, 'a.cancel'), text);
  expect(wished(root, 'a', 'cancel')).toBe('person');
});

test('recovery removes those of the dead, and leaves those of the living', async () => {
  const root = temporaryRoot();
  const [living, dead] = [0, 1].map(() =>
    newChange(planChange('update', 'latest'), { from: null, previous: null, to: null }),
  );
  if (!living || !dead) throw new Error('There are two.');
  dead.owner = { pid: 1, startTicks: -1, bootId: 'another' };
  for (const change of [living, dead]) {
    saveChange(root, change);
    wish(root, change.id, 'cancel', 'person');
    wish(root, change.id, 'restart-now', 'person');
  }
  await recover({ root, supervisor: builtinSupervisor(root.path) });
  expect(readdirSync(root.staging).sort()).toEqual([`${living.id}.cancel`, `${living.id}.restart-now`]);
});
