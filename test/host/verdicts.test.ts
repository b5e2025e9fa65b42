import { expect, onTestFinished, test } from 'vitest';
import { anySeed } from '../torture/random.js';
import { MINIATURE } from '../verdicts/miniature.js';
import { canLimitDisk } from '../verdicts/pressure.js';
import { type Case, drawCase, makeHosts, tell, wrong } from '../verdicts/verdicts.js';

/** Half a second of processor time takes ten seconds there. */
const LATE: Case = { host: 'little processor', share: 0.05, release: 'good, late once' };

const ROWS: Case[] = [
  { host: 'little processor', share: 0.015, release: 'good' },
  { host: 'little processor', share: 0.1, release: 'never ready' },
  LATE,
  ...(canLimitDisk() ? [{ host: 'slow disk', share: 0.02, release: 'good' } as const] : []),
  { host: 'swapping', share: 0.03, release: 'good' },
];

test('no good release is rolled back on a slow host, and no bad one is kept', async () => {
  const seed = anySeed();
  const hosts = await makeHosts(MINIATURE, 'host', onTestFinished);
  for (const one of [...ROWS, drawCase(MINIATURE, seed), drawCase(MINIATURE, seed + 1)]) {
    const verdict = await hosts.update(one);
    if (one === LATE) expect(verdict.warnings.join()).toMatch(/It was started again\.$/);
    expect(wrong([verdict]).map(tell), `npm run verdicts -- --seed ${seed} --rounds 2`).toEqual([]);
  }
});
