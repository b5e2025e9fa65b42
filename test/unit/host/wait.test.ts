import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Limits, waitUntil, within } from '../../../src/host/wait.js';
import { temporaryDirectory } from '../../support/place.js';

/** Pauses last no time: they move this clock. */
const clock = vi.hoisted(() => ({ now: 0 }));
vi.mock('node:timers/promises', () => ({
  async setTimeout(ms: number, value: unknown, { signal }: { signal?: AbortSignal } = {}) {
    clock.now += ms;
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    return value;
  },
}));

/** Begins a wait at any time of the clock, and counts the looks of its probe. */
async function wait<T>(limits: Limits, probe: (passedMs: number) => T) {
  vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
  onTestFinished(() => void vi.restoreAllMocks());
  const begun = clock.now;
  let looks = 0;
  const answer = await waitUntil(limits, () => {
    // A wait without an end would hang the test.
    if (looks++ > 10_000) throw new Error('This wait has no end.');
    return probe(clock.now - begun);
  });
  return { answer, looks, tookMs: clock.now - begun };
}

const ms = fc.integer({ min: 0, max: 2_000 });
const pause = fc.integer({ min: 1, max: 300 });

test('a wait ends with the first truthy answer, or with the last answer at its limit', async () => {
  await fc.assert(
    fc.asyncProperty(ms, ms, pause, async (withinMs, comesAt, everyMs) => {
      const { answer, tookMs } = await wait({ withinMs, everyMs }, (passed) => passed >= comesAt);
      expect(tookMs).toBeLessThanOrEqual(Math.min(withinMs, comesAt + everyMs));
      expect(answer).toBe(tookMs >= comesAt);
      if (!answer) expect(tookMs).toBe(withinMs);
    }),
  );
});

test('a wait without time asks once', async () => {
  expect(await wait({ withinMs: 0 }, () => null)).toEqual({ answer: null, looks: 1, tookMs: 0 });
});

test('tries are counted where the clock decides nothing', async () => {
  const suspended = () => {
    clock.now += 3_600_000;
    return 0;
  };
  expect(await wait({ tries: 3 }, suspended)).toMatchObject({ answer: 0, looks: 3 });
});

test('a wait ends without progress, and not before its floor', async () => {
  const steps = (everyMs: number) => ({
    floorMs: 300,
    stallMs: 200,
    signature: () => String(Math.floor(clock.now / everyMs)),
  });
  expect((await wait({ withinMs: 9_000, stall: steps(1e9) }, () => null)).tookMs).toBe(300);
  expect((await wait({ withinMs: 9_000, stall: steps(100) }, () => null)).tookMs).toBe(9_000);
  const floor = { ...steps(1e9), floorMs: 0 };
  expect((await wait({ withinMs: 9_000, stall: floor }, () => null)).tookMs).toBe(200);
});

test('an abort ends a wait with its own reason, before the next look', async () => {
  const stop = new AbortController();
  const reason = new Error('cancelled');
  const waiting = wait({ withinMs: 9_000, signal: stop.signal }, () => stop.abort(reason));
  await expect(waiting).rejects.toBe(reason);
  await expect(wait({ withinMs: 9_000, signal: stop.signal }, () => 1)).rejects.toBe(reason);
});

test('within tells whether an event comes in time', async () => {
  expect(await within(Promise.resolve(), 60_000)).toBe(true);
  expect(await within(new Promise(() => {}), 1)).toBe(false);
});

const PAUSES = [
  "import { setTimeout as sleep } from 'node:timers/promises';",
  "import * as timers from 'node:timers/promises';",
  'export const a = async () => { for (;;) await look(); };',
  'export const b = async () => { for (let n = 0; ; n++) await look(n); };',
  'export const c = async () => { while (true) { if (await look()) return; } };',
  'export const d = async () => { do { await look(); } while (true); };',
  'export const e = () => new Promise((resolve) => setTimeout(resolve, 10));',
  'export const f = () => new Promise((resolve) => { setInterval(() => { resolve(1); }, 10); });',
  'export const g = promisify(setTimeout);',
];

const ALLOWED = [
  "import { setImmediate } from 'node:timers/promises';",
  'export const h = async () => { for (const one of all) await look(one); };',
  'export const i = () => { for (;;) if (look()) return; };',
  'export const j = setTimeout(() => child.kill(), 10);',
  'export const k = new Promise((_, reject) => { setTimeout(() => child.kill(), 10).unref(); });',
];

test('the lint refuses each hand-made wait, and nothing else', async () => {
  const place = temporaryDirectory();
  const plugin = fileURLToPath(new URL('../../../build/waits.grit', import.meta.url));
  writeFileSync(
    join(place, 'biome.json'),
    JSON.stringify({ plugins: [plugin], linter: { rules: { preset: 'none' } } }),
  );
  writeFileSync(join(place, 'waits.ts'), `${[...PAUSES, ...ALLOWED].join('\n')}\n`);
  const biome = fileURLToPath(new URL('../../../node_modules/.bin/biome', import.meta.url));
  const { stdout } = await execa(biome, ['lint', '--reporter=json', 'waits.ts'], {
    cwd: place,
    reject: false,
  });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { location: { start: { line: number } } }[] };
  expect(diagnostics.map(({ location }) => location.start.line)).toEqual(PAUSES.map((_, index) => index + 1));
});
