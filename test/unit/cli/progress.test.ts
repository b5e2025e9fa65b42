import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
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
    observer.progress?.({ step: 'wait-idle', text: `wait ${hostile}`, leftMs: 1000 });
    await expect.poll(() => shown).toContain('wait \\u001b]0;pwned');
    observer.step?.({ name: 'stage', state: 'skipped', note: `note ${hostile}` } as StepRecord, {} as Change);
    await expect.poll(() => shown).toContain('note \\u001b]0;pwned');
    for (const raw of ['\u001b]', '\u0007', '\u009b', 'hunter2']) expect(shown).not.toContain(raw);
  },
);

test('without a terminal a step says each ten seconds how far it is, and a wait at once', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  // Not a stream of Node: it delivers what is written at once only in some versions.
  let said = '';
  const write = (text: string) => {
    said += text;
    return true;
  };
  const lines = () => {
    const found = said.split('\n').filter(Boolean);
    said = '';
    return found;
  };
  const observer = progressObserver({ write } as NodeJS.WriteStream);
  onTestFinished(() => observer.close());
  const step = (state: StepRecord['state']) =>
    observer.step?.({ name: 'stage', state, note: '2 packages' } as StepRecord, {} as Change);
  step('doing');
  observer.progress?.({ step: 'stage', text: 'unpacking', done: 1, total: 4, bytes: 2 ** 20 });
  vi.advanceTimersByTime(9_000);
  expect(lines()).toEqual([]);
  vi.advanceTimersByTime(11_000);
  const line = '… Download and install  unpacking, 25 %, 1 MiB';
  expect(lines()).toEqual([line, line]);
  step('done');
  vi.advanceTimersByTime(20_000);
  expect(lines()).toEqual(['✔ Download and install  2 packages  0 s']);
  observer.progress?.({ step: 'wait-idle', text: 'waiting for 1 task', leftMs: 60_000 });
  expect(lines()).toEqual(['… Wait for idle         waiting for 1 task, 1 min left']);
});
