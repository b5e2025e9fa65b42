import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openclawPackage } from '../registry/gateway-package.js';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import type { LabGateway } from './gateway.js';
import type { Machine } from './machine.js';
import { CLI, FIRST, makeOperator, type Operator, QUICK } from './operator.js';

const NEXT = '2026.6.1';

/** Moments of a crash, as parts of the time that an update takes. */
const MOMENTS = [0.02, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.05];

/** Points before every step, and between the effect and the record of it where that matters. */
const POINTS = [
  ...['resolve', 'check-space', 'stage', 'probe', 'seal', 'baseline', 'switch'].map(
    (step) => `before ${step}`,
  ),
  ...['after switch', 'before restart', 'after restart', 'before verify', 'before commit', 'before prune'],
];

describe('an update under systemd --user that is interfered with', () => {
  const atEnd = atEndOfAll();
  let operator: Operator;
  let machine: Machine;
  let gateway: LabGateway;

  beforeAll(async () => {
    operator = await makeOperator(
      atEnd,
      { [NEXT]: {}, '2026.6.5': { ignoreSigterm: true } },
      { unitLines: ['StartLimitIntervalSec=60', 'StartLimitBurst=4'] },
    );
    ({ machine, gateway } = operator);
    await operator.ok(`adopt ${QUICK}`);
    await operator.ok(`stage ${NEXT}`);
    await operator.ok('stage 2026.6.5');
  }, 120_000);

  beforeEach(async () => {
    await gateway.systemctl('reset-failed');
    const { json } = await operator.ocr('recover').then(() => operator.ocr('status'));
    if (json.current !== FIRST) await operator.ok(`switch ${FIRST} ${QUICK}`);
    await gateway.systemctl('start');
    await gateway.ready(FIRST);
  }, 60_000);

  /** Starts an update and waits until its ledger names the step. */
  async function updating(step: string, options = QUICK) {
    const ended = machine.run(`${CLI} update ${NEXT} ${options} --json`, {
      env: operator.env,
      reject: false,
      timeoutMs: 100_000,
    });
    await until(
      `the update is at ${step}`,
      async () => (await operator.ok('status')).running?.step === step,
      30_000,
    );
    return { ended };
  }

  const HELPERS =
    "systemctl --user list-units --all --plain --no-legend 'openclaw-releases-2*' | awk '{print $1}'";

  async function killHelper(): Promise<boolean> {
    const { stdout } = await machine.run(HELPERS);
    const [unit] = stdout.split('\n');
    if (!unit) return false;
    await machine.run(`systemctl --user kill --signal=KILL ${unit}`, { reject: false });
    return true;
  }

  test('incident-1: a detached worker is killed in the middle: the caller recovers the change', async () => {
    const { ended } = await updating('verify', '--settle 2');
    expect(await killHelper()).toBe(true);
    const { status } = JSON.parse((await ended).stdout);
    expect(status).toMatch(/^package_updated_restart_verified$|^rolled_back$/);
    await gateway.ready(status === 'rolled_back' ? FIRST : NEXT);
    expect(await operator.ok('status')).toMatchObject({ trial: null, running: null, interrupted: [] });
  }, 60_000);

  test('incident-1: a detached worker killed right after its start is no success', async () => {
    const asked = machine.run(`${CLI} update ${NEXT} ${QUICK} --json`, {
      env: operator.env,
      reject: false,
      timeoutMs: 100_000,
    });
    await until('the helper was there, and is killed', killHelper);
    const json = JSON.parse((await asked).stdout);
    expect(json.status).toMatch(
      /^(helper_never_ran|package_update_failed|package_updated_restart_failed|rolled_back|package_updated_restart_verified)$/,
    );
    if (json.status === 'helper_never_ran') expect(json.error.hint).toMatch(/\S/);
    await gateway.ready(json.status === 'package_updated_restart_verified' ? NEXT : FIRST);
    expect(await operator.ok('status')).toMatchObject({ trial: null, running: null, interrupted: [] });
  }, 60_000);

  test('incident-1: without systemd-run an update is refused before anything changes', async () => {
    const bin = '/tmp/without-systemd-run';
    await machine.run(
      `mkdir -p ${bin} && for p in systemctl sync sh nice ionice true; do ln -sf "$(command -v $p)" ${bin}/; done`,
    );
    const { stdout } = await machine.run(`PATH=${bin} ${CLI} update ${NEXT} ${QUICK} --json`, {
      env: operator.env,
      reject: false,
    });
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'helper_never_ran',
      steps: [],
      error: { code: 'helper_never_ran', hint: expect.any(String) },
    });
    expect(await operator.ok('status')).toMatchObject({
      current: FIRST,
      trial: null,
      gateway: { release: FIRST },
    });
  }, 60_000);

  test('status --follow stays until the verdict and ends with its exit code', async () => {
    const { ended } = await updating('verify', '--settle 2');
    const { exitCode, stdout } = await machine.run(`${CLI} status --follow --json`, {
      env: operator.env,
      reject: false,
    });
    expect(JSON.parse(stdout)).toMatchObject({ status: 'package_updated_restart_verified', to: NEXT });
    expect([exitCode, (await ended).exitCode]).toEqual([0, 0]);
  }, 60_000);

  test('incident-2: a gateway that is stopped by a signal is not updated, and a rollback restarts it all the same', async () => {
    await machine.run(`kill -STOP ${(await gateway.show()).MainPID}`);
    const refused = await operator.ocr(`update ${NEXT} ${QUICK}`);
    expect(refused).toMatchObject({ exitCode: 3, json: { error: { code: 'gateway_silent' } } });
    expect(await operator.ok(`rollback ${NEXT} --yes ${QUICK}`)).toMatchObject({ to: NEXT });
    expect(await gateway.version()).toBe(NEXT);
  }, 60_000);

  test('incident-2: a gateway that ignores the signal to end is killed, and the next one verified', async () => {
    await operator.ok(`update 2026.6.5 ${QUICK}`);
    expect(await operator.ok(`switch ${NEXT} ${QUICK}`)).toMatchObject({
      status: 'package_updated_restart_verified',
      warnings: [expect.stringContaining('killed')],
    });
  }, 60_000);

  test('incident-2: a masked unit: refused, and what runs was not touched', async () => {
    const { MainPID } = await gateway.show();
    // Does what `systemctl mask` does, which refuses where the unit is a file.
    await machine.run(
      `mv ${gateway.file} ~/away && ln -s /dev/null ${gateway.file} && systemctl --user daemon-reload`,
    );
    const { exitCode, json } = await operator.ocr(`update ${NEXT} ${QUICK}`);
    await machine.run(`mv ~/away ${gateway.file} && systemctl --user daemon-reload`);
    expect(json.ok).toBe(false);
    expect(exitCode).toBeGreaterThan(1);
    expect(await gateway.version()).toBe(FIRST);
    expect((await gateway.show()).MainPID).toBe(MainPID);
  }, 60_000);

  test('incident-2: a unit that is broken meanwhile: no success, and the commands to type by hand', async () => {
    const dropIn = `${gateway.file}.d/zzz-broken.conf`;
    await machine.write(dropIn, '[Service]\nExecStart=\nExecStart=/nonexistent\n');
    await machine.run('systemctl --user daemon-reload');
    const { json } = await operator.ocr(`update ${NEXT} ${QUICK}`);
    await machine.run(`rm ${dropIn} && systemctl --user daemon-reload`);
    expect(json).toMatchObject({
      ok: false,
      status: expect.stringMatching(/^rollback_failed$|^rolled_back$|_failed$/),
    });
    expect((await operator.ok('status')).current).toBe(FIRST);
  }, 90_000);

  test('incident-4: a unit that has given up after a crash loop is reset, and updated', async () => {
    await until(
      'systemd has given up',
      async () => {
        const { ActiveState, MainPID } = await gateway.show();
        if (ActiveState === 'failed') return true;
        if (MainPID !== '0') await machine.run(`kill -KILL ${MainPID}`, { reject: false });
        return false;
      },
      40_000,
    );
    expect(await operator.ok(`update ${NEXT} ${QUICK}`)).toMatchObject({
      status: 'package_updated_restart_verified',
    });
  }, 90_000);

  test('incident-4: the unit is rewritten meanwhile, as `openclaw gateway install --force` does', async () => {
    const { ended } = await updating('verify', '--settle 2');
    await machine.run(
      `sed -i 's/^Description=.*/Description=OpenClaw Gateway (v9999.9.9)/' ${gateway.file} && systemctl --user daemon-reload`,
    );
    expect(JSON.parse((await ended).stdout)).toMatchObject({ status: 'package_updated_restart_verified' });
    expect((await gateway.show()).Description).not.toContain('9999');
  }, 60_000);

  test('incident-4: the machine crashes at every step of an update', async () => {
    const ends: Record<string, string> = {};
    for (const [index, point] of POINTS.entries()) {
      const version = `2026.7.${index + 1}`;
      operator.registry.publish(openclawPackage(version));
      const stamp = join(machine.shared, `hangs-${index}`);
      const fault = { OPENCLAW_RELEASES_FAULT: `hang ${point}`, OPENCLAW_RELEASES_FAULT_STAMP: stamp };
      const ended = machine.run(`${CLI} update ${version} ${QUICK} --json`, {
        env: { ...operator.env, ...fault },
        reject: false,
        timeoutMs: 60_000,
      });
      await until(`it hangs ${point}`, () => existsSync(stamp), 30_000);
      await machine.crash();
      await ended;
      await gateway.ready(undefined, 30_000);
      const { current, trial, gateway: running, interrupted } = await operator.ok('status');
      expect({ point, running: running.release, trial, interrupted }).toEqual({
        point,
        running: current,
        trial: null,
        interrupted: [],
      });
      expect((await machine.run('ls ~/.local/share/openclaw-releases/staging')).stdout, point).toBe('');
      expect(await operator.ok('verify')).toMatchObject({ ok: true, release: current });
      ends[point] = current === version ? 'new' : 'old';
      if (current !== FIRST) await operator.ok(`switch ${FIRST} ${QUICK}`);
    }
    expect(ends).toEqual(
      Object.fromEntries(POINTS.map((point) => [point, point === 'before prune' ? 'new' : 'old'])),
    );
  }, 300_000);

  test('incident-4: the machine crashes at any moment of an update: it comes back with one whole release, and the truth', async () => {
    const begun = performance.now();
    await operator.ok(`update ${NEXT} ${QUICK}`);
    const cycleMs = performance.now() - begun;
    for (const moment of MOMENTS) {
      await operator.ok(`switch ${FIRST} ${QUICK}`);
      const ended = machine.run(`${CLI} update ${NEXT} ${QUICK} --json`, {
        env: operator.env,
        reject: false,
        timeoutMs: 60_000,
      });
      await new Promise((resolve) => setTimeout(resolve, moment * cycleMs));
      await machine.crash();
      await ended;
      await gateway.ready(undefined, 30_000);
      const { current, trial, gateway: running, interrupted } = await operator.ok('status');
      expect({ moment, running: running.release, trial, interrupted }).toEqual({
        moment,
        running: current,
        trial: null,
        interrupted: [],
      });
      expect([FIRST, NEXT]).toContain(current);
      expect(await operator.ok('verify')).toMatchObject({ ok: true, release: current });
    }
  }, 240_000);
});
