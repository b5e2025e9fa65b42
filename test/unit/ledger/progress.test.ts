import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ProgressMeter, readProgress } from '../../../src/ledger/progress.js';
import { clearSignals } from '../../../src/ledger/signals.js';
import { progressText } from '../../../src/views/progress.js';
import { temporaryRoot } from '../../support/place.js';

const MIB = 2 ** 20;
const UNPACKING = { step: 'stage', text: 'unpacking', total: 100 } as const;

function place() {
  const root = temporaryRoot();
  mkdirSync(root.staging, { recursive: true });
  return { root, meter: new ProgressMeter(root, 'change-1') };
}

test('a step that fetches has bytes, percent, rate and the time that is left', () => {
  const { root, meter } = place();
  expect(meter.measure({ ...UNPACKING, done: 0, bytes: 0 }, 0)).not.toHaveProperty('leftMs');
  expect(meter.measure({ ...UNPACKING, done: 10, bytes: MIB }, 1_000)).not.toHaveProperty('bytesPerSecond');
  const measured = meter.measure({ ...UNPACKING, done: 20, bytes: 8 * MIB }, 4_000);
  expect(measured).toMatchObject({ bytesPerSecond: 2 * MIB, leftMs: 16_000 });
  expect(progressText(measured)).toBe('unpacking, 20 %, 8 MiB, 2 MiB/s, 16 s left');
  expect(readProgress(root, 'change-1')).toEqual(measured);
});

test('another work in the step begins to be measured anew, and the limit of a wait is kept', () => {
  const { meter } = place();
  meter.measure({ ...UNPACKING, done: 1 }, 0);
  expect(meter.measure({ ...UNPACKING, text: 'scripts', done: 1 }, 50_000)).not.toHaveProperty('leftMs');
  const wait = { step: 'wait-idle', text: 'waiting for 1 task', leftMs: 90_400 } as const;
  expect(progressText(meter.measure(wait, 60_000))).toBe('waiting for 1 task, 1 min 31 s left');
});

test('a record is written once a second, and removed with the change; a corrupt one is none', () => {
  const { root, meter } = place();
  meter.measure({ ...UNPACKING, done: 1 }, 0);
  meter.measure({ ...UNPACKING, done: 2 }, 900);
  expect(readProgress(root, 'change-1')).toMatchObject({ done: 1 });
  meter.measure({ ...UNPACKING, done: 3 }, 1_000);
  expect(readProgress(root, 'change-1')).toMatchObject({ done: 3 });
  writeFileSync(join(root.staging, 'change-1.progress'), '{"schema":1');
  expect(readProgress(root, 'change-1')).toBeNull();
  clearSignals(root, 'change-1');
  expect(readProgress(root, 'change-1')).toBeNull();
});

test('a full or missing staging directory fails no change', () => {
  const meter = new ProgressMeter(temporaryRoot(), 'change-1');
  expect(meter.measure({ ...UNPACKING, done: 1 }, 0)).toMatchObject({ done: 1 });
});
