import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listChanges } from '../../src/ledger/ledger.js';
import type { StatusAnswer } from '../../src/rpc/documents.js';
import { undelivered } from '../../src/rpc/requests/requests.js';
import { rootAt } from '../../src/store/root.js';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { type Death, expectTruth, polled } from '../support/poller.js';
import type { LabGateway } from './gateway.js';
import { type Machine, NODE, REPOSITORY } from './machine.js';
import { CLI, FIRST, makeOperator, type Operator, QUICK } from './operator.js';

const NEXT = '2026.6.1';
const POLLER = join(REPOSITORY, 'test/fixtures/rpc/poller.mjs');
const REFUSES = '.config/systemd/user/openclaw-gateway.service.d/refuses.conf';

describe('a request through a gateway under systemd --user', () => {
  const atEnd = atEndOfAll();
  let operator: Operator;
  let machine: Machine;
  let gateway: LabGateway;
  let inside: string;
  let turn = 0;

  beforeAll(async () => {
    operator = await makeOperator(
      atEnd,
      { [NEXT]: {} },
      { unitLines: ['StartLimitIntervalSec=60', 'StartLimitBurst=20'] },
    );
    ({ machine, gateway } = operator);
    inside = join(machine.claw.home, '.local/share/openclaw-releases');
    await operator.ok(`adopt ${QUICK}`);
    await operator.ok(`stage ${NEXT}`);
  }, 180_000);

  beforeEach(async () => {
    await operator.ocr('recover');
    if ((await operator.ok('status')).current !== FIRST) await operator.ok(`switch ${FIRST} ${QUICK}`);
    await gateway.ready(FIRST);
  }, 90_000);

  const root = () => rootAt(join(machine.root, inside));

  /** Asks as OpenClaw does: by a program below the gateway, in its unit. */
  async function ask(params: object, env = '') {
    const registry = `npm_config_registry=${operator.registry.url} npm_config_cache=${machine.claw.home}/.npm`;
    const call = JSON.stringify({ params, caller: { scopes: ['operator.admin'], name: 'agent' } });
    const command = `echo '${call}' | XDG_RUNTIME_DIR=/run/user/${machine.claw.uid} ${registry} ${env} ${CLI} rpc update.run ${QUICK}`;
    const told = await gateway.asAgent(command);
    return JSON.parse(told?.stdout || '{}');
  }

  /** Somebody outside who asks for the status all along; ends with what must be true of all that they were told. */
  async function poll() {
    const file = join(machine.shared, `polled-${++turn}.jsonl`);
    const command = `echo $$ >${file}.pid; exec ${NODE} ${POLLER} ${inside} ${gateway.url} ${file}`;
    const ended = machine.run(command, { env: operator.env, reject: false, timeoutMs: 150_000 });
    await until('the poller asks', () => polled(file).length > 0);
    const known = new Set(listChanges(root()).map(({ id }) => id));
    const ours = () =>
      polled(file).filter(({ answer }) => answer.change !== null && !known.has(answer.change));
    const says = async (what: string, like: (answer: StatusAnswer) => boolean) => {
      await until(`the poller is told ${what}`, () => ours().some(({ answer }) => like(answer)), 60_000);
      return ours().find(({ answer }) => like(answer));
    };
    return {
      says,
      async end(last: object, deaths: Death[] = []) {
        await says('the verdict', ({ phase }) => phase === 'finished');
        const seen = polled(file).length;
        await until('it asked after that', () => polled(file).length > seen + 1);
        await machine.run(`kill -KILL $(cat ${file}.pid)`, { reject: false });
        await ended;
        expectTruth(polled(file), listChanges(root()), deaths);
        expect(polled(file).at(-1)?.answer).toMatchObject(last);
      },
    };
  }

  test('incident-1, incident-4: from inside of the gateway: a detached worker makes the change, and it is reported once the gateway is up again', async () => {
    const poller = await poll();
    const session = { sessionKey: 'agent:main:main', note: 'as agreed' };
    const { payload } = await ask({ target: NEXT, skipDeferral: true, ...session });
    expect(payload).toMatchObject({
      ...{ ok: true, status: 'accepted', before: { version: FIRST } },
      handoff: { command: expect.stringContaining('journalctl --user -fu openclaw-releases-') },
    });
    await poller.end({
      ...{ status: 'package_updated_restart_verified', note: 'as agreed', runs: { version: NEXT } },
      session: { sessionKey: 'agent:main:main' },
    });
    expect(undelivered(root()).at(-1)).toMatchObject({ request: { by: 'agent', change: payload.change } });
  }, 120_000);

  test('incident-1: a detached worker whose unit is killed is `interrupted`, and its change is recovered without anybody at a terminal', async () => {
    const poller = await poll();
    const { payload } = await ask(
      { target: NEXT, skipDeferral: true },
      "OPENCLAW_RELEASES_FAULT='hang before verify'",
    );
    const at = await poller.says('that it is at verify', ({ step }) => step === 'verify');
    await machine.run(`systemctl --user kill --signal=KILL openclaw-releases-${payload.change}`);
    const dead = await poller.says('that it was interrupted', ({ status }) => status === 'interrupted');
    expect(dead?.answer.nextAction).toContain(`If ${NEXT} runs and passes verification it is kept`);
    const pid = at?.answer.handoff?.pid ?? 0;
    await poller.end(
      { status: 'package_updated_restart_verified', runs: { version: NEXT }, after: { version: NEXT } },
      [{ pid, at: dead?.to ?? 0 }],
    );
  }, 120_000);

  test('incident-2: a restart that systemd refuses is no success, and the old process keeps running', async () => {
    const { MainPID } = await gateway.show();
    await machine.write(join(machine.claw.home, REFUSES), '[Unit]\nRefuseManualStop=yes\n');
    await machine.run('systemctl --user daemon-reload');
    const poller = await poll();
    try {
      expect((await ask({ target: NEXT, skipDeferral: true })).payload).toMatchObject({ status: 'accepted' });
      await poller.end({
        ...{ status: 'package_updated_restart_failed', reason: 'restart_failed', after: { version: FIRST } },
        runs: { version: FIRST, pid: Number(MainPID) },
      });
    } finally {
      await machine.run(`rm ${REFUSES} && systemctl --user daemon-reload`);
    }
  }, 120_000);

  test('incident-3: a restart for another reason during the countdown swallows nothing', async () => {
    const poller = await poll();
    await ask({ target: NEXT, restartDelayMs: 3_000, note: 'kept' });
    await poller.says('the countdown', ({ idle, phase }) => phase === 'waiting' && idle?.restartAt != null);
    await gateway.systemctl('restart');
    await poller.end({
      ...{
        status: 'package_updated_restart_verified',
        note: 'kept',
        idle: { restartAt: expect.any(String) },
      },
      runs: { version: NEXT },
    });
  }, 120_000);
});
