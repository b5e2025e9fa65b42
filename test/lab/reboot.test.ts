import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { companion } from '../../src/adopt/plan.js';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import type { LabGateway } from './gateway.js';
import type { Machine } from './machine.js';
import { CLI, FIRST, makeOperator, type Operator, QUICK } from './operator.js';

const NEXT = '2026.6.1';
const ROOT = '.local/share/openclaw-releases';

describe('a machine that is started again in the middle of a trial', () => {
  const atEnd = atEndOfAll();
  let operator: Operator;
  let machine: Machine;
  let gateway: LabGateway;
  let recoverUnit: string;

  beforeAll(async () => {
    operator = await makeOperator(atEnd, { [NEXT]: {} });
    ({ machine, gateway } = operator);
    recoverUnit = gateway.file.replace(gateway.unit, companion('recover', gateway.unit));
    await operator.ok(`adopt ${QUICK}`);
    await operator.ok(`stage ${NEXT}`);
  }, 120_000);

  /** Does what `systemctl mask` does, which refuses where the unit is a file. */
  async function maskRecovery(): Promise<void> {
    await machine.run(
      `mv ${recoverUnit} ~/away && ln -s /dev/null ${recoverUnit} && systemctl --user daemon-reload`,
    );
    onTestFinished(async () => {
      await machine.run(`mv -f ~/away ${recoverUnit} && systemctl --user daemon-reload`);
    });
  }

  /** Brings an update into the middle of its trial, and starts the machine again. */
  async function startedAgain(how: 'crash' | 'reboot') {
    await gateway.ready(FIRST);
    const asked = machine.run(`${CLI} update ${NEXT} --settle 60 --json`, {
      env: operator.env,
      reject: false,
      timeoutMs: 100_000,
    });
    const verifying = async () => (await operator.ok('status')).running?.step === 'verify';
    await until('it is being verified', verifying, 30_000);
    await gateway.ready(NEXT);
    const { stdout: trial } = await machine.run(`cat ${ROOT}/trial`);
    expect(trial).toBe(`${NEXT} 2 ${await machine.bootId()}`);
    const { length } = await gateway.starts();
    await machine[how]();
    await asked;
    await gateway.ready(FIRST, 30_000);
    expect((await gateway.starts()).slice(length)).toMatchObject([{ version: FIRST }]);
    expect(await gateway.show()).toMatchObject({ ActiveState: 'active', NRestarts: '0' });
    expect((await machine.run(`readlink ${ROOT}/current`)).stdout).toBe(`releases/${FIRST}`);
    expect((await machine.run(`ls ${ROOT}`)).stdout.split('\n')).not.toContain('trial');
  }

  async function expectTheTruth(): Promise<void> {
    expect(await operator.ok('status')).toMatchObject({
      current: FIRST,
      trial: null,
      running: null,
      interrupted: [],
      last: { status: 'rolled_back', error: { code: 'interrupted' }, undoError: null, to: NEXT },
      gateway: { release: FIRST, health: { ready: true } },
    });
    expect((await machine.run(`ls ${ROOT}`)).stdout).not.toMatch(/^(lock|trial)/m);
  }

  test('a crash, and none of our programs runs: the first start is of the proven release, and recover tells the truth', async () => {
    await maskRecovery();
    await startedAgain('crash');
    expect(await operator.ok('status')).toMatchObject({
      running: null,
      lock: null,
      interrupted: [expect.stringContaining('-update-')],
    });
    await operator.ok('recover');
    await expectTheTruth();
  }, 120_000);

  test.each(['crash', 'reboot'] as const)(
    'a %s: the same end, automatically',
    async (how) => {
      await startedAgain(how);
      await until(
        'recovery has ended',
        async () =>
          (
            await machine.run(`systemctl --user is-active ${companion('recover', gateway.unit)}`, {
              reject: false,
            })
          ).stdout !== 'activating',
      );
      await expectTheTruth();
    },
    120_000,
  );

  test('an orderly reboot, and none of our programs runs: the same end', async () => {
    await maskRecovery();
    await startedAgain('reboot');
    await operator.ok('recover');
    await expectTheTruth();
  }, 120_000);
});
