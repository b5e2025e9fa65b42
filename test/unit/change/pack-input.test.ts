import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { keepInput } from '../../../src/change/pack-input.js';
import { planFor } from '../../../src/change/run.js';
import { temporaryDirectory } from '../../support/place.js';

const { signal } = new AbortController();
const LONG_MS = 60_000;

test('a pack on the standard input is kept whole', async () => {
  const input = new PassThrough();
  const kept = keepInput(temporaryDirectory(), signal, input, LONG_MS);
  input.write('a ');
  input.end('pack');
  expect(readFileSync(await kept, 'utf8')).toBe('a pack');
});

test.each(['', 'a piece'])('a link that dies after %j ends the import, and is closed', async (piece) => {
  const input = new PassThrough();
  input.write(piece);
  await expect(keepInput(temporaryDirectory(), signal, input, 100)).rejects.toMatchObject({
    code: 'pack_invalid',
    message: expect.stringContaining('no byte for'),
  });
  expect(input.destroyed).toBe(true);
});

test('a signal ends the wait for a piece', async () => {
  const stop = new AbortController();
  const kept = keepInput(temporaryDirectory(), stop.signal, new PassThrough(), LONG_MS);
  stop.abort();
  await expect(kept).rejects.toMatchObject({ name: 'AbortError' });
});

test('a terminal is refused before anything is locked', () => {
  const before = Object.getOwnPropertyDescriptor(process.stdin, 'isTTY');
  onTestFinished(() => void Object.defineProperty(process.stdin, 'isTTY', before ?? { value: undefined }));
  Object.defineProperty(process.stdin, 'isTTY', { value: true, configurable: true });
  const refusal = expect.objectContaining({ code: 'usage', message: expect.stringContaining('a terminal') });
  for (const kind of ['stage', 'update'] as const)
    expect(() => planFor({ kind, target: 'pack:-' })).toThrow(refusal);
  expect(planFor({ kind: 'stage', target: 'pack:/a' }).target).toBe('pack:/a');
});
