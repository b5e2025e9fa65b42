import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { progressObserver } from '../../../src/cli/progress.js';
import type { Change, StepRecord } from '../../../src/ledger/ledger.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A terminal that shows nothing. */
function terminal(): NodeJS.WriteStream {
  const still = () => true;
  const cursor = { cursorTo: still, moveCursor: still, clearLine: still };
  const stream = Object.assign(new PassThrough().resume(), { isTTY: true, columns: 80, ...cursor });
  return stream as unknown as NodeJS.WriteStream;
}

test('the line on a terminal leaves signals to the command, which undoes its change', () => {
  const listeners = () => SIGNALS.map((signal) => process.listenerCount(signal));
  const before = listeners();
  const observer = progressObserver(terminal());
  onTestFinished(() => observer.close());
  observer.step?.({ name: 'verify', state: 'doing' } as StepRecord, {} as Change);
  expect(listeners()).toEqual(before);
});
