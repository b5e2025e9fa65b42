import { beforeAll, describe, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { slowness } from '../support/slowness.js';
import { type Fleet, makeFleet } from './machines.js';

const LIMIT = 400_000 * slowness;

/** The first host, and another, which is interrupted. */
const TWO = { openclaw_releases_hosts: 'm1,m2' };
const LONG = { openclaw_releases_update_arguments: ['--settle', '4', '--ready-timeout', '3'] };

describe('a roll-out that is interrupted', () => {
  const atEnd = atEndOfAll(LIMIT);
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await makeFleet(atEnd);
  }, LIMIT);

  const wanted = (version: string) => ({ ...TWO, ...LONG, openclaw_releases_version: version });
  const two = async () => (await fleet.versions()).slice(0, 2);
  const status = async () => (await fleet.host('m2').ocr('status')).json;
  const untilVerifying = () =>
    until('m2 verifies', async () => (await status()).running?.step === 'verify', 120_000);

  test(
    'the link goes down in the middle: the change goes its way, and the role takes its verdict',
    async () => {
      fleet.publish('2026.6.1');
      const before = await fleet.host('m2').starts();
      const playing = fleet.begin('rollout', wanted('2026.6.1'));
      await untilVerifying();
      fleet.network.link(2, 'down');
      await until('the change has ended', async () => (await status()).running === null, 60_000);
      fleet.network.link(2, 'up');
      const { exitCode, output, recap } = await playing.ended;
      expect(exitCode, output).toBe(0);
      expect(recap.m2?.changed, output).toBeGreaterThan(0);
      expect(await two()).toEqual(['2026.6.1', '2026.6.1']);
      expect(await fleet.host('m2').starts()).toBe(before + 1);
    },
    LIMIT,
  );

  test(
    'the host is killed in mid switch: its launcher starts a whole release, and the next run converges',
    async () => {
      fleet.publish('2026.6.2');
      const playing = fleet.begin('rollout', wanted('2026.6.2'));
      await untilVerifying();
      await fleet.host('m2').machine.crash();
      await until(
        'the gateway of m2 answers',
        async () => (await fleet.host('m2').version()) !== null,
        60_000,
      );
      const { output } = await playing.ended;
      expect(output).toMatch(/PLAY RECAP/);
      const again = await fleet.play('rollout', { ...wanted('2026.6.2'), openclaw_releases_max_failures: 2 });
      expect(await two(), again.output).toEqual(['2026.6.2', '2026.6.2']);
      expect(again.exitCode, again.output).toBe(0);
      expect(await status()).toMatchObject({ trial: null, running: null, interrupted: [] });
    },
    LIMIT,
  );

  test(
    'the controller is killed: the change ends all the same, and the next run finds it',
    async () => {
      fleet.publish('2026.6.3');
      const before = await fleet.host('m2').starts();
      const playing = fleet.begin('rollout', wanted('2026.6.3'));
      await untilVerifying();
      playing.kill();
      await playing.ended;
      const again = await fleet.play('rollout', wanted('2026.6.3'));
      expect(again.exitCode, again.output).toBe(0);
      expect(await two()).toEqual(['2026.6.3', '2026.6.3']);
      expect(await fleet.host('m2').starts()).toBe(before + 1);
    },
    LIMIT,
  );

  test(
    'two roll-outs at once: both end well, and each host is restarted once',
    async () => {
      fleet.publish('2026.6.4');
      const before = await Promise.all([fleet.host('m1').starts(), fleet.host('m2').starts()]);
      const both = [fleet.begin('rollout', wanted('2026.6.4')), fleet.begin('rollout', wanted('2026.6.4'))];
      for (const { ended } of both) {
        const { exitCode, output } = await ended;
        expect(exitCode, output).toBe(0);
      }
      expect(await two()).toEqual(['2026.6.4', '2026.6.4']);
      const after = await Promise.all([fleet.host('m1').starts(), fleet.host('m2').starts()]);
      expect(after).toEqual(before.map((count) => count + 1));
    },
    LIMIT,
  );
});
