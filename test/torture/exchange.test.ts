import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { syncFilesystem } from '../../src/host/sync.js';
import { makeFilesystem } from '../support/filesystem.js';
import { lookBefore, makePair, type Pair, whatIsWrong } from '../support/pair.js';
import { temporaryDirectory, until } from '../support/place.js';
import { testSeed } from './expect-rounds.js';
import { pause } from './moment.js';
import { between, pick, randomFrom } from './random.js';

const RESTORE = fileURLToPath(new URL('../../dist/restore.cjs', import.meta.url));
/** Cuts at drawn moments; with `OPENCLAW_RELEASES_TORTURE_EVERY=1` one at every moment there is, which takes minutes. */
const ROUNDS = 15;
const EVERY = process.env.OPENCLAW_RELEASES_TORTURE_EVERY === '1';
/** The journal is committed once a second then. */
const OPTIONS = ['commit=1'];
const HELD_MS = 1_300;

function restore({ root }: Pair, env: Record<string, string> = {}) {
  return execa(process.execPath, [RESTORE, root.path], { env, reject: false, timeout: 30_000 });
}

describe('an exchange whose machine loses power', () => {
  test(`is finished by the next run, ${EVERY ? 'at every moment' : `${ROUNDS} times at drawn moments`}`, async () => {
    const notes = temporaryDirectory('exchange-cuts');
    const disk = makeFilesystem(join(notes, 'disk'), 64, OPTIONS);
    onTestFinished(disk.remove);
    const trace = join(notes, 'trace');
    const first = join(disk.mountPoint, 'first');
    await restore(makePair(first), { OPENCLAW_RELEASES_FAULT_TRACE: trace });
    const points = readFileSync(trace, 'utf8').trim().split('\n');

    const seed = testSeed();
    for (let round = 0; round < (EVERY ? points.length : ROUNDS); round++) {
      const random = randomFrom(seed + round);
      const drawn = Math.floor(random() * points.length);
      const at = EVERY ? round : drawn;
      const point = points[at] ?? '';
      const times = points.slice(0, at + 1).filter((other) => other === point).length;
      // Half of them at once: nothing that is not flushed by order is on the disk then.
      const heldMs = pick(random, [0, between(random, 0, HELD_MS)]);

      const pair = makePair(join(disk.mountPoint, `round-${round}`));
      const before = lookBefore(pair);
      await syncFilesystem(disk.mountPoint);
      const stamp = join(notes, `stamp-${round}`);
      const running = restore(pair, {
        OPENCLAW_RELEASES_FAULT: `hang ${point} #${times}`,
        OPENCLAW_RELEASES_FAULT_STAMP: stamp,
      });
      await until(`it comes to ${point}`, () => existsSync(stamp));
      await pause(heldMs);
      disk.cut();
      running.kill('SIGKILL');
      await running;
      await disk.unmount();
      disk.mount();

      const where = `seed ${seed + round}, ${point} #${times}, held for ${heldMs} ms`;
      const { exitCode, stderr } = await restore(pair);
      expect([exitCode, stderr], where).toEqual([0, expect.not.stringContaining('could not')]);
      expect(whatIsWrong(pair, before), where).toEqual([]);
      rmSync(join(disk.mountPoint, `round-${round}`), { recursive: true });
    }
    await disk.unmount();
    expect(disk.check()).toBeNull();
  }, 900_000);
});
