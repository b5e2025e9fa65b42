import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { slowness } from '../support/slowness.js';
import { FIRST, type Fleet, makeFleet } from './machines.js';

const LIMIT = 400_000 * slowness;

/** Five hosts; the sixth takes no part. */
const FIVE = { openclaw_releases_hosts: 'openclaw:!m6' };

describe('a release that fails, and hosts that cannot take it', () => {
  const atEnd = atEndOfAll(LIMIT);
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await makeFleet(atEnd);
  }, LIMIT);

  const versions = async () => (await fleet.versions()).slice(0, 5);
  const starts = () => Promise.all(fleet.hosts.map((host) => host.starts()));
  // A candidate would find it before the restart.
  const unprobed = {
    openclaw_releases_update_arguments: ['--probe', 'version', '--settle', '0.5'],
    openclaw_releases_import_arguments: ['--probe', 'version'],
  };

  test(
    'the first host fails: no other host is begun, also by a second run',
    async () => {
      fleet.publish('2026.6.1', { crashAtStart: true });
      const before = await starts();
      const wanted = { ...FIVE, ...unprobed, openclaw_releases_version: '2026.6.1' };
      const first = await fleet.play('rollout', wanted);
      expect(first.exitCode, first.output).not.toBe(0);
      expect(first.output).toMatch(/m1, the first host: 2026\.6\.1 failed verification/);
      expect(await versions()).toEqual([FIRST, FIRST, FIRST, FIRST, FIRST]);
      expect((await starts()).slice(1)).toEqual(before.slice(1));
      const tried = await starts();
      const again = await fleet.play('rollout', wanted);
      expect(again.exitCode, again.output).not.toBe(0);
      expect(again.output).toMatch(/The release failed on m1/);
      expect(await starts()).toEqual(tried);
    },
    LIMIT,
  );

  test(
    'it fails on one host of five: the batch is the last one, and that host runs its previous release',
    async () => {
      fleet.publish('2026.6.2', { crashesWhile: '/home/claw/bad' });
      await fleet.host('m3').machine.write('/home/claw/bad', '');
      const { exitCode, output } = await fleet.play('rollout', {
        ...{
          ...FIVE,
          ...unprobed,
          openclaw_releases_version: '2026.6.2',
          openclaw_releases_batches: [2, '100%'],
        },
      });
      expect(exitCode, output).not.toBe(0);
      expect(await versions()).toEqual(['2026.6.2', '2026.6.2', FIRST, FIRST, FIRST]);
    },
    LIMIT,
  );

  test(
    'a host that is down and one without room are left, and a later run brings them the release',
    async () => {
      fleet.publish('2026.6.3');
      fleet.network.link(4, 'down');
      const { machine } = fleet.host('m5');
      const disk = machine.root.replace(/root$/, 'disk');
      const used = execFileSync('df', ['--output=used', '-k', disk], { encoding: 'utf8' }).split('\n')[1];
      execFileSync('mount', ['-o', `remount,size=${Number(used) + 200_000}k`, disk]);
      const wanted = { ...FIVE, openclaw_releases_version: '2026.6.3' };
      const first = await fleet.play('rollout', wanted);
      expect(first.exitCode, first.output).not.toBe(0);
      expect(first.output).toMatch(/m4 +unreachable/);
      expect(first.output).toMatch(/m5 +left/);
      expect(await versions()).toEqual(['2026.6.3', '2026.6.3', '2026.6.3', FIRST, FIRST]);
      fleet.network.link(4, 'up');
      execFileSync('mount', ['-o', 'remount,size=12g', disk]);
      const again = await fleet.play('rollout', wanted);
      expect(again.exitCode, again.output).toBe(0);
      expect(again.recap.m2).toMatchObject({ changed: 0 });
      expect(new Set(await versions())).toEqual(new Set(['2026.6.3']));
    },
    LIMIT,
  );
});
