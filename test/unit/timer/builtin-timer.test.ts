import { expect, onTestFinished, test, vi } from 'vitest';
import { readTimerState } from '../../../src/store/timer-state.js';
import { lookEveryHour } from '../../../src/timer/builtin-timer.js';
import { temporaryRoot } from '../../support/place.js';

test('a full disk does not keep a gateway from being supervised', () => {
  vi.stubEnv('OPENCLAW_RELEASES_FAULT', 'ENOSPC before write timer-state.json');
  onTestFinished(() => void vi.unstubAllEnvs());
  const told: string[] = [];
  lookEveryHour(temporaryRoot(), (line) => told.push(line))();
  expect(told).toEqual([expect.stringContaining('ENOSPC')]);
});

test('the moment of the hour is kept from the first start on', () => {
  const root = temporaryRoot();
  lookEveryHour(root, () => {})();
  expect(readTimerState(root).installId).toBe(readTimerState(root).installId);
});
