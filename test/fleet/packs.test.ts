import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { slowness } from '../support/slowness.js';
import { FIRST, type Fleet, makeFleet } from './machines.js';

const LIMIT = 400_000 * slowness;
const NEXT = '2026.6.1';

describe('a pack that is given to the roll-out', () => {
  const atEnd = atEndOfAll(LIMIT);
  let fleet: Fleet;
  let pack: Buffer;

  beforeAll(async () => {
    fleet = await makeFleet(atEnd);
    fleet.publish(NEXT);
    const { ocr, machine } = fleet.host('m1');
    expect(await ocr(`stage ${NEXT}`)).toMatchObject({ exitCode: 0 });
    const made = join(machine.shared, 'made.pack');
    expect(await ocr(`pack ${NEXT} --output ${made}`)).toMatchObject({ exitCode: 0 });
    pack = readFileSync(made);
  }, LIMIT);

  /** Rolls out to hosts that reach no registry. */
  const rollOut = (bytes: Buffer) => {
    const file = join(fleet.directory, 'given.pack');
    writeFileSync(file, bytes);
    return fleet.play('rollout', {
      ...{ openclaw_releases_hosts: 'm2,m3', openclaw_releases_version: NEXT, openclaw_releases_pack: file },
    });
  };

  test.each([
    ['truncated', (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length / 2))],
    [
      'with one flipped bit',
      (bytes: Buffer) => {
        const flipped = Buffer.from(bytes);
        const at = Math.floor(bytes.length * 0.6);
        flipped[at] = (flipped[at] ?? 0) ^ 4;
        return flipped;
      },
    ],
  ])(
    '%s: the first host refuses it, and nothing is left of it',
    async (_, damage) => {
      const { exitCode, output } = await rollOut(damage(pack));
      expect(exitCode, output).not.toBe(0);
      expect(output).toMatch(/m2, the first host: /);
      for (const name of ['m2', 'm3']) {
        const { ocr, machine } = fleet.host(name);
        expect(await fleet.host(name).version()).toBe(FIRST);
        expect((await ocr('list')).json.releases.map(({ id }: { id: string }) => id)).toEqual([FIRST]);
        const left = 'ls /var/tmp/*.pack ~/.local/share/openclaw-releases/staging/*';
        expect((await machine.run(left, { reject: false })).stdout).toBe('');
      }
      expect((await fleet.host('m2').ocr('history --failed')).json.changes.at(-1)).toMatchObject({
        error: { code: 'pack_invalid' },
      });
    },
    LIMIT,
  );

  test(
    'whole: hosts that reach no registry run the release of that pack',
    async () => {
      const asked = fleet.registry.requests.length;
      const { exitCode, output } = await rollOut(pack);
      expect(exitCode, output).toBe(0);
      expect((await fleet.versions()).slice(1, 3)).toEqual([NEXT, NEXT]);
      expect(fleet.registry.requests.length).toBe(asked);
    },
    LIMIT,
  );
});
