import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { forge, makeKey } from '../support/pack.js';
import { slowness } from '../support/slowness.js';
import { FIRST, type Fleet, makeFleet } from './machines.js';

const LIMIT = 400_000 * slowness;
const NEXT = '2026.6.1';
const LATER = '2026.6.2';

describe('a pack that is given to the roll-out', () => {
  const atEnd = atEndOfAll(LIMIT);
  let fleet: Fleet;
  let made: Record<'whole' | 'onFirst' | 'onNext', string>;
  let file: string;

  beforeAll(async () => {
    fleet = await makeFleet(atEnd);
    file = join(fleet.directory, 'given.pack');
    for (const version of [NEXT, LATER]) fleet.publish(version);
    const { ocr, machine } = fleet.host('m1');
    for (const version of [NEXT, LATER]) expect(await ocr(`stage ${version}`)).toMatchObject({ exitCode: 0 });
    const packed = async (name: string, command: string) => {
      const path = join(machine.shared, name);
      expect(await ocr(`pack ${command} --output ${path}`)).toMatchObject({ exitCode: 0 });
      return path;
    };
    made = {
      whole: await packed('whole.pack', NEXT),
      // Without the Node, which their base has: these are small.
      onFirst: await packed('on-first.pack', `${NEXT} --base ${FIRST} --codec gzip`),
      onNext: await packed('on-next.pack', `${LATER} --base ${NEXT}`),
    };
  }, LIMIT);

  /** Rolls the pack in `file` out to hosts that reach no registry. */
  const rollOut = (version = NEXT) =>
    fleet.play('rollout', {
      ...{
        openclaw_releases_hosts: 'm2,m3',
        openclaw_releases_version: version,
        openclaw_releases_pack: file,
      },
    });

  /** Has the hosts know one key, by which nothing is signed. */
  async function nameAnotherKey(): Promise<void> {
    for (const name of ['m2', 'm3']) {
      const { ocr, machine } = fleet.host(name);
      await machine.write('/home/claw/allowed', `fleet ${makeKey().line}\n`);
      expect(await ocr('signers /home/claw/allowed')).toMatchObject({ exitCode: 0 });
    }
  }

  test.each<[string, string, () => Promise<void> | void, string?]>([
    [
      'truncated',
      'pack_invalid',
      () => {
        const bytes = readFileSync(made.whole);
        writeFileSync(file, bytes.subarray(0, Math.floor(bytes.length / 2)));
      },
    ],
    [
      'with one flipped bit',
      'pack_invalid',
      () => {
        const bytes = readFileSync(made.whole);
        const at = Math.floor(bytes.length * 0.6);
        bytes[at] = (bytes[at] ?? 0) ^ 4;
        writeFileSync(file, bytes);
      },
    ],
    [
      'for another processor',
      'pack_unsuitable',
      () => {
        copyFileSync(made.onFirst, file);
        forge(file, { pack: (pack) => ({ ...pack, platform: { ...pack.platform, arch: 's390x' } }) });
      },
    ],
    [
      'on a base that the hosts do not have',
      'pack_base_missing',
      () => copyFileSync(made.onNext, file),
      LATER,
    ],
    [
      'signed by another key than the hosts know',
      'signature_untrusted',
      async () => {
        await nameAnotherKey();
        copyFileSync(made.onFirst, file);
        forge(file, { sign: makeKey().sign });
      },
    ],
  ])(
    '%s: the first host refuses it, and nothing is left of it',
    async (_, code, make, version) => {
      await make();
      const { exitCode, output } = await rollOut(version);
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
        error: { code },
      });
    },
    LIMIT,
  );

  test(
    'whole: hosts that reach no registry run the release of that pack',
    async () => {
      const asked = fleet.registry.requests.length;
      copyFileSync(made.whole, file);
      const { exitCode, output } = await rollOut();
      expect(exitCode, output).toBe(0);
      expect((await fleet.versions()).slice(1, 3)).toEqual([NEXT, NEXT]);
      expect(fleet.registry.requests.length).toBe(asked);
    },
    LIMIT,
  );
});
