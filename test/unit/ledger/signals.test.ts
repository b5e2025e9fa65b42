import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recover } from '../../../src/change/run.js';
import { newChange, saveChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import { clearSignals, sendSignal, signalledBy } from '../../../src/ledger/signals.js';
import { builtinSupervisor } from '../../../src/supervisor/builtin/client.js';
import { IMPOSTOR_NAMES, replaceBy } from '../../support/damage.js';
import { temporaryRoot } from '../../support/place.js';

test('a signal to a change is read with its sender until it is cleared', () => {
  const root = temporaryRoot();
  expect(signalledBy(root, 'a', 'cancel')).toBeNull();
  sendSignal(root, 'a', 'cancel', 'timer');
  sendSignal(root, 'a', 'restart-now', 'gateway');
  sendSignal(root, 'b', 'restart-now', 'person');
  expect(signalledBy(root, 'a', 'cancel')).toBe('timer');
  expect(signalledBy(root, 'a', 'restart-now')).toBe('gateway');
  clearSignals(root, 'a');
  expect([signalledBy(root, 'a', 'cancel'), signalledBy(root, 'a', 'restart-now')]).toEqual([null, null]);
  expect(signalledBy(root, 'b', 'restart-now')).toBe('person');
});

test.each(['', '\0\0\0', '{}', 'touched by hand'])('a signal counts with any content: %j', (text) => {
  const root = temporaryRoot();
  writeFileSync(join(root.staging, 'a.cancel'), text);
  expect(signalledBy(root, 'a', 'cancel')).toBe('person');
});

test.each(IMPOSTOR_NAMES)('a signal counts, and is not waited for, when it is %s', (how) => {
  const root = temporaryRoot();
  const path = join(root.staging, 'a.cancel');
  writeFileSync(path, '');
  replaceBy(path, how);
  expect(signalledBy(root, 'a', 'cancel')).toBe('person');
});

test('recovery removes signals to dead changes, and leaves those to living ones', async () => {
  const root = temporaryRoot();
  const [living, dead] = [0, 1].map(() =>
    newChange(planChange('update', 'latest'), { from: null, previous: null, to: null }),
  );
  if (!living || !dead) throw new Error('There are two.');
  dead.owner = { pid: 1, startTicks: -1, bootId: 'another' };
  for (const change of [living, dead]) {
    saveChange(root, change);
    sendSignal(root, change.id, 'cancel', 'person');
    sendSignal(root, change.id, 'restart-now', 'person');
  }
  await recover({ root, supervisor: builtinSupervisor(root.path) });
  expect(readdirSync(root.staging).sort()).toEqual([`${living.id}.cancel`, `${living.id}.restart-now`]);
});
