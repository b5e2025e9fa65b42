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

test.each([true, false])(
  'notes and waits show no control character and no credentials (terminal: %s)',
  async (isTTY) => {
    const stream = isTTY ? terminal() : (new PassThrough() as unknown as NodeJS.WriteStream);
    let shown = '';
    (stream as unknown as PassThrough).on('data', (chunk) => {
      shown += chunk;
    });
    const hostile = '\u001b]0;pwned\u0007\u009b http://me:hunter2@h/';
    const observer = progressObserver(stream);
    onTestFinished(() => observer.close());
    observer.step?.({ name: 'stage', state: 'doing' } as StepRecord, {} as Change);
    observer.progress?.({ step: 'stage', text: `wait ${hostile}`, leftMs: 1000 });
    await expect.poll(() => shown).toContain('wait \\u001b]0;pwned');
    observer.step?.({ name: 'stage', state: 'skipped', note: `note ${hostile}` } as StepRecord, {} as Change);
    await expect.poll(() => shown).toContain('note \\u001b]0;pwned');
    for (const raw of ['\u001b]', '\u0007', '\u009b', 'hunter2']) expect(shown).not.toContain(raw);
  },
);
