import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openclawPackage } from '../registry/gateway-package.js';
import { atEndOfAll } from '../support/at-end.js';
import { aheadBy } from '../support/faketime.js';
import { until } from '../support/place.js';
import type { LabGateway } from './gateway.js';
import type { Machine } from './machine.js';
import { FIRST, makeOperator, type Operator, QUICK } from './operator.js';

const SERVICE = 'openclaw-releases-auto.service';
const TIMER = 'openclaw-releases-auto.timer';
const UNITS = '~/.config/systemd/user';
/** The timer looks every hour; here an hour is four seconds. All else in its unit is what `timer enable` wrote. */
const OFTEN = '[Timer]\nOnCalendar=\nOnCalendar=*:*:0/4\nRandomizedDelaySec=0\nAccuracySec=100ms\n';
const SETTINGS =
  '--window 02:00-05:00 --time-zone UTC --delay 1h --jitter 0h --minimum-age 1h --soak 1h --minimum-interval 1h --idle 0m --countdown 1s';
const HOUR = 60 * 60_000;

describe('a timer of systemd, days in a minute', () => {
  const atEnd = atEndOfAll();
  let operator: Operator;
  let machine: Machine;
  let gateway: LabGateway;
  let ahead = 0;
  const now = () => Date.now() + ahead;

  beforeAll(async () => {
    operator = await makeOperator(atEnd, {}, {}, now);
    ({ machine, gateway } = operator);
    const clock = aheadBy(join(machine.shared, 'ahead'));
    travel('2026-12-01T12:00Z');
    // Programs that claw starts, and those that claw's systemd starts from now on and after a reboot, goes by this clock.
    Object.assign(operator.env, clock, { OPENCLAW_RELEASES_PROBE: 'version' });
    const variables = Object.entries({ ...clock, OPENCLAW_RELEASES_PROBE: 'version' }).map(
      ([name, value]) => `${name}=${value}`,
    );
    await machine.write('/home/claw/.config/environment.d/clock.conf', `${variables.join('\n')}\n`);
    await machine.run(`systemctl --user set-environment ${variables.join(' ')}`);
    await operator.ok(`adopt ${QUICK}`);
  }, 180_000);

  function travel(moment: string): void {
    ahead = Date.parse(moment) - Date.now();
    writeFileSync(join(machine.shared, 'ahead'), `+${Math.round(ahead / 1000)}\n`);
  }

  function publish(version: string, behaviour = {}): void {
    operator.registry.publish(openclawPackage(version, behaviour), { publishedAt: new Date(now()) });
  }

  /** Waits until a look of the timer from now on says this in the journal. */
  async function said(text: RegExp, withinMs = 60_000): Promise<string> {
    const { length } = await machine.journal(SERVICE);
    let found: string | undefined;
    await until(
      `the journal says ${text}`,
      async () => {
        const news = (await machine.journal(SERVICE)).slice(length);
        found = news.split('\n').find((line) => text.test(line));
        return found !== undefined;
      },
      withinMs,
    ).catch(async (error: Error) => {
      throw new Error(`${error.message}\n${await machine.journal(SERVICE)}`);
    });
    return found ?? '';
  }

  const history = async () => (await operator.ok('history')).changes;
  const lookOften = async () => {
    await machine.write(`/home/claw/.config/systemd/user/${TIMER}.d/often.conf`, OFTEN);
    await machine.run(`systemctl --user daemon-reload && systemctl --user restart ${TIMER}`);
  };
  const listing = async () =>
    (
      await machine.run(
        `cd ${UNITS} && find . -type f -exec sha256sum {} + -o -type l -printf "%p -> %l\\n" -o -type d -printf "%p %m\\n" | sort`,
      )
    ).stdout;

  test('enable writes units that systemd accepts, and disable leaves nothing of them', async () => {
    const before = await listing();
    const dry = await operator.ok(`timer enable ${SETTINGS} --registry ${operator.registry.url} --dry-run`);
    expect(dry.writes).toHaveLength(3);
    expect(await listing()).toBe(before);
    const enabled = await operator.ok(`timer enable ${SETTINGS} --registry ${operator.registry.url}`);
    expect(enabled).toMatchObject({
      enabled: true,
      host: { kind: 'systemd', scope: 'user', service: SERVICE },
    });
    const spread = Date.parse(enabled.next) - Date.now();
    expect(spread).toBeGreaterThan(0);
    expect(spread).toBeLessThanOrEqual(2 * HOUR);
    expect(await machine.unit(TIMER, 'user')).toMatchObject({ ActiveState: 'active', Persistent: 'yes' });
    expect((await machine.run(`systemd-analyze --user verify ${UNITS}/${TIMER} 2>&1`)).stdout).toBe('');
    const again = await listing();
    await operator.ok('timer enable');
    expect(await listing()).not.toBe(before);
    await operator.ok(`timer enable --registry ${operator.registry.url}`);
    expect(await listing()).toBe(again);
    await operator.ok('timer disable');
    expect(await listing()).toBe(before);
    expect(
      (await machine.run('ls ~/.local/share/systemd/timers 2>/dev/null', { reject: false })).stdout,
    ).not.toContain(TIMER);
    await operator.ok('timer disable');
  }, 120_000);

  test('our own drop-in does not block it; a setting of the operator in the unit does', async () => {
    await operator.ok(`timer enable ${SETTINGS} --registry ${operator.registry.url}`);
    const { blockedBy } = await operator.ok(`timer explain --registry ${operator.registry.url}`);
    expect(blockedBy).toEqual([]);
    const drop = `/home/claw/.config/systemd/user/${gateway.unit}.d/own.conf`;
    await machine.write(drop, '[Service]\nEnvironment=OPENCLAW_NO_AUTO_UPDATE=1\n');
    onTestFinished(async () => {
      await machine.run(`rm ${drop}; systemctl --user daemon-reload`);
    });
    await machine.run('systemctl --user daemon-reload');
    const blocked = await operator.ok(`timer explain --registry ${operator.registry.url}`);
    expect(blocked.decision).toMatchObject({ verdict: 'no', rule: 'disabled' });
    expect(blocked.blockedBy).toEqual([`OPENCLAW_NO_AUTO_UPDATE is set in ${gateway.unit}.`]);
  }, 120_000);

  test('a release is taken in its window, a bad one is rolled back and left, a fixed one is taken; a reboot in between', async () => {
    await operator.ok(`timer enable ${SETTINGS} --registry ${operator.registry.url}`);
    await lookOften();
    await said(/no 2026\.5\.28: 2026\.5\.28 runs already/);
    publish('2026.6.1');
    await said(/wait 2026\.6\.1, until 2026-12-02 02:00 UTC: The next maintenance window opens/);
    travel('2026-12-02T02:30Z');
    await said(
      /update 2026\.6\.1: Nothing is against it|update 2026\.6\.1: Nothing is against 2026\.6\.1 now/,
    );
    await gateway.ready('2026.6.1', 60_000);
    await said(/no 2026\.6\.1: 2026\.6\.1 runs already/);

    publish('2026.6.5', { crashAfterMs: 3_000 });
    travel('2026-12-03T02:30Z');
    await said(/update 2026\.6\.5/);
    await said(/wait 2026\.6\.5, .*: 2026\.6\.5 failed here and is in quarantine until 2026-12-10/, 90_000);
    await gateway.ready('2026.6.1', 30_000);
    const startsOfBad = async () => (await gateway.starts()).filter(({ version }) => version === '2026.6.5');
    const { length } = await startsOfBad();
    expect(length).toBeGreaterThan(0);

    await machine.reboot();
    await gateway.ready('2026.6.1', 30_000);
    travel('2026-12-04T02:30Z');
    await said(/wait 2026\.6\.5, .*: 2026\.6\.5 failed here and is in quarantine/);
    expect(await startsOfBad()).toHaveLength(length);

    publish('2026.6.6');
    await said(/wait 2026\.6\.6/);
    travel('2026-12-05T02:30Z');
    await said(/update 2026\.6\.6/);
    await gateway.ready('2026.6.6', 60_000);
    await said(/no 2026\.6\.6: 2026\.6\.6 runs already/);
    const updates = (await history()).filter(({ kind }: { kind: string }) => kind === 'update');
    expect(updates).toMatchObject([
      {
        status: 'package_updated_restart_verified',
        from: FIRST,
        to: '2026.6.1',
        initiator: 'timer',
      },
      {
        status: 'rolled_back',
        to: '2026.6.5',
        error: { code: 'gateway_crashed' },
        initiator: 'timer',
      },
      {
        status: 'package_updated_restart_verified',
        from: '2026.6.1',
        to: '2026.6.6',
        initiator: 'timer',
      },
    ]);
    expect(await operator.ok('status')).toMatchObject({
      current: '2026.6.6',
      auto: { enabled: true, hold: null },
    });
    // As each update did, the adoption looked up and installed a release beside the gateway.
    expect(await operator.ranBeside()).toBe(2 * (updates.length + 1));
    const journal = await machine.journal(SERVICE);
    console.info(
      [...new Set(journal.split('\n').map((line) => line.replace(/^.*?\]: /, '')))]
        .filter((line) => /^(no|wait|update) /.test(line))
        .join('\n'),
    );
  }, 400_000);

  test('leave disables it as well', async () => {
    await machine.run(`rm -rf ${UNITS}/${TIMER}.d`);
    await operator.ok(`unadopt ${QUICK}`);
    expect(
      (await machine.run(`ls ${UNITS} ${UNITS}/timers.target.wants 2>&1`, { reject: false })).stdout,
    ).not.toContain('openclaw-releases');
    expect((await operator.ok('timer status')).enabled).toBe(false);
  }, 120_000);
});
