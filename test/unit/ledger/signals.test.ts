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
  expect(wished(root, 'a', 'stop')).toBeNull();
  wish(root, 'a', 'stop', 'timer');
  wish(root, 'a', 'skip', 'gateway');
  wish(root, 'b', 'skip', 'person');
  expect(wished(root, 'a', 'stop')).toBe('timer');
  expect(wished(root, 'a', 'skip')).toBe('gateway');
  dropWishes(root, 'a');
  expect([wished(root, 'a', 'stop'), wished(root, 'a', 'skip')]).toEqual([null, null]);
  expect(wished(root, 'b', 'skip')).toBe('person');
});

test.each(['', '\0\0\0', '{}', 'touched by hand'])('that the file is there is what counts: %j', (text) => {
  const root = temporaryRoot();
  writeFileSync(join(root.staging, 'a.stop'), text);
  expect(wished(root, 'a', 'stop')).toBe('person');
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
    wish(root, change.id, 'stop', 'person');
    wish(root, change.id, 'skip', 'person');
  }
  await recover({ root, supervisor: builtinSupervisor(root.path) });
  expect(readdirSync(root.staging).sort()).toEqual([`${living.id}.skip`, `${living.id}.stop`]);
});
