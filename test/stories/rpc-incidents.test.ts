import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test, vi } from 'vitest';
import { commandLineOf, isAlive, processIds } from '../../src/host/process.js';
import { listChanges } from '../../src/ledger/ledger.js';
import type { StatusAnswer } from '../../src/rpc/documents.js';
import { handle } from '../../src/rpc/handle.js';
import { undelivered } from '../../src/rpc/requests/requests.js';
import { verdictText } from '../../src/rpc/requests/result-text.js';
import { rootAt } from '../../src/store/root.js';
import { builtinSupervisor } from '../../src/supervisor/builtin/client.js';
import { changeDocument } from '../../src/views/change.js';
import type { Behaviour } from '../registry/gateway-package.js';
import { until, writeTree } from '../support/place.js';
import { type Death, expectTruth, polled } from '../support/poller.js';
import { rpc, untilStatus } from '../support/rpc.js';
import { makeWorld, type RunningSupervisor, type World } from '../support/world.js';

const OLD = '2026.5.28';
const NEW = '2026.6.1';
const POLLER = fileURLToPath(new URL('../fixtures/rpc/poller.mjs', import.meta.url));

interface Scene {
  world: World;
  supervisor: RunningSupervisor;
  /** Answers that the poller has written down so far. */
  answers(): ReturnType<typeof polled>;
  /** Waits until the poller itself has such an answer. */
  says(what: string, like: (answer: StatusAnswer) => boolean): Promise<void>;
  /** Every answer so far was true when it was given; and the last one is this. */
  expectTruth(last: object, deaths?: Death[]): Promise<void>;
}

/** The first release was made current by a change as well. */
const isOurs = ({ kind }: StatusAnswer) => kind === 'update';

/** A gateway of the old version that runs, the new one published, and somebody who asks for the status all along. */
async function begin({
  scope,
  old = {},
  next = {},
}: {
  scope?: string;
  old?: Behaviour;
  next?: Behaviour;
} = {}): Promise<Scene> {
  const world = await makeWorld();
  world.publish(OLD, old);
  world.publish(NEW, next);
  const supervisor = await world.start(OLD);
  const file = join(world.path, 'polled.jsonl');
  const poller = execa(world.node, [POLLER, world.root, world.url, file, ...(scope ? [scope] : [])], {
    ...{ env: world.env, extendEnv: false, reject: false },
  });
  onTestFinished(async () => {
    poller.kill('SIGKILL');
    await poller;
    // It may just have had an interrupted change finished by one more process than was needed.
    const recovering = () =>
      processIds().some((pid) => commandLineOf(pid).includes(`recover --root ${world.root}`));
    await until('nothing recovers any more', () => !recovering());
  });
  const answers = () => polled(file);
  const says = (what: string, like: (answer: StatusAnswer) => boolean) =>
    until(
      `the poller is told ${what}`,
      () => answers().some(({ answer }) => isOurs(answer) && like(answer)),
      60_000,
    );
  await until('the poller asks', () => answers().length > 0);
  return {
    ...{ world, supervisor, answers, says },
    async expectTruth(last, deaths = []) {
      const seen = answers().length;
      await until('the poller has asked after that', () => answers().length > seen + 1);
      expectTruth(answers(), listChanges(rootAt(world.root)), deaths);
      expect(answers().at(-1)?.answer).toMatchObject(last);
    },
  };
}

test('incident-1: a detached worker that is killed at once is `helper_never_ran`, with the next command, and the gateway keeps running', async () => {
  const scene = await begin();
  const { world, supervisor } = scene;
  const environment = { root: rootAt(world.root), acknowledgeMs: 3_000 };
  // Only the worker passes this point; it gets the variable from here.
  vi.stubEnv('OPENCLAW_RELEASES_FAULT', 'hang before claim');
  onTestFinished(() => void vi.unstubAllEnvs());
  const asked = handle(environment, 'update.run', { target: NEW });
  const started = () => /^.*-update-.* was started as process (\d+)/m.exec(supervisor.stderr())?.[1];
  await until('the helper is there', () => started() !== undefined, 10_000);
  const pid = Number(started());
  process.kill(pid, 'SIGKILL');
  expect(await asked).toMatchObject({
    ...{ ok: false, status: 'helper_never_ran', phase: 'finished', handoff: { status: 'unavailable' } },
    error: { code: 'helper_never_ran', hint: expect.any(String), untouched: 'Nothing was changed.' },
  });
  await scene.expectTruth(
    {
      status: 'helper_never_ran',
      reason: 'helper_never_ran',
      after: { version: OLD },
      runs: { version: OLD },
    },
    [{ pid, at: Date.now() }],
  );
});

/** Point at which the detached worker dies, the verdict of the change, and what runs then. */
test.each([
  ['before stage', 'package_update_failed', OLD],
  ['before baseline', 'package_update_failed', OLD],
  ['after switch', 'package_update_failed', OLD],
  ['after restart', 'package_updated_restart_verified', NEW],
  ['before commit', 'package_updated_restart_verified', NEW],
])(
  'incident-1: a detached worker that dies %s: the caller learns it, and then %s',
  async (point, status, version) => {
    const scene = await begin();
    const { world } = scene;
    const env = { OPENCLAW_RELEASES_FAULT: `kill ${point}` };
    const { payload } = await rpc(world, 'update.run', { target: NEW, skipDeferral: true }, { env });
    expect(payload).toMatchObject({ ok: true, status: 'accepted' });
    await scene.says('that it was interrupted', (answer) => answer.status === 'interrupted');
    const dead = scene.answers().find(({ answer }) => answer.status === 'interrupted');
    expect(dead?.answer).toMatchObject({
      ...{ reason: 'interrupted', step: null, handoff: { status: 'ended' } },
      nextAction: expect.stringContaining('openclaw-releases recover'),
    });
    await scene.says('the verdict', ({ phase }) => phase === 'finished');
    const pid = dead?.answer.handoff?.pid ?? 0;
    await scene.expectTruth({ status, after: { version }, runs: { version } }, [{ pid, at: dead?.to ?? 0 }]);
    expect(undelivered(rootAt(world.root))).toHaveLength(1);
  },
);

test('incident-1: a client that may only read learns that it was interrupted, and starts nothing by asking', async () => {
  const scene = await begin({ scope: 'operator.read' });
  const env = { OPENCLAW_RELEASES_FAULT: 'kill before verify' };
  await rpc(scene.world, 'update.run', { target: NEW, skipDeferral: true }, { env });
  await scene.says('that it was interrupted', (answer) => answer.status === 'interrupted');
  const seen = scene.answers().length;
  await until('it asked on', () => scene.answers().length > seen + 20);
  await scene.expectTruth({ status: 'interrupted', runs: { version: NEW }, after: { version: null } });
  await scene.world.ok('recover');
  await scene.expectTruth({ status: 'package_updated_restart_verified', after: { version: NEW } });
});

test('incident-2: a refused restart is no success: the switch is undone, and every answer says what runs', async () => {
  const scene = await begin();
  const env = { OPENCLAW_RELEASES_FAULT: 'throw before restart' };
  await rpc(scene.world, 'update.run', { target: NEW, skipDeferral: true }, { env });
  await scene.says('the verdict', ({ phase }) => phase === 'finished');
  await scene.expectTruth({
    ...{ status: 'package_updated_restart_failed', after: { version: OLD }, runs: { version: OLD } },
    ...{ downtimeMs: null, goingBack: false },
  });
});

test('incident-2: a release that does not become ready is never reported as a success, and the old one runs again', async () => {
  const scene = await begin({ next: { neverReady: true } });
  await rpc(scene.world, 'update.run', { target: NEW, skipDeferral: true });
  await scene.says('that it goes back', ({ goingBack }) => goingBack === true);
  await scene.says('the verdict', ({ phase }) => phase === 'finished');
  await scene.expectTruth({
    ...{ status: 'rolled_back', reason: 'gateway_not_ready', after: { version: OLD } },
    runs: { version: OLD, release: OLD },
  });
});

/** Step of the change at which somebody else restarts the gateway, for a reason of their own. */
test.each(['stage', 'wait-idle', 'baseline'])(
  'incident-3: a restart for another reason at %s swallows nothing: the update is made all the same',
  async (step) => {
    const scene = await begin();
    const { world } = scene;
    const stamp = writeTree(join(world.path, `hang-${step}`), { stamp: '' });
    const env = {
      OPENCLAW_RELEASES_FAULT: `hang before ${step}`,
      OPENCLAW_RELEASES_FAULT_STAMP: join(stamp, 'stamp-made'),
    };
    const asked = rpc(world, 'update.run', { target: NEW, restartDelayMs: 300, note: 'kept' }, { env });
    await scene.says(`that it is at ${step}`, (answer) => answer.step === step);
    await asked;
    await builtinSupervisor(world.root).restart();
    await until('the gateway is back', async () => (await world.version()) === OLD);
    rmSync(join(stamp, 'stamp-made'));
    await scene.says('the verdict', ({ phase }) => phase === 'finished');
    await scene.expectTruth({
      ...{ status: 'package_updated_restart_verified', after: { version: NEW }, note: 'kept' },
      runs: { version: NEW },
    });
  },
);

test('incident-3: a gateway that is busy for ever: answers report the wait, a more urgent request ends it, and the verdict has what was cut off', async () => {
  const scene = await begin({ old: { tellsActivity: true } });
  const { world } = scene;
  writeTree(world.env.OPENCLAW_STATE_DIR ?? '', { busy: 'embedded-run\n' });
  const { payload } = await rpc(world, 'update.run', { target: NEW, note: 'soon' });
  await scene.says(
    'what is waited for',
    ({ idle, phase }) => phase === 'waiting' && (idle?.busy?.length ?? 0) > 0,
  );
  const waits = await untilStatus(world, { change: payload.change }, ({ step }) => step === 'wait-idle');
  expect(waits).toMatchObject({ status: 'running', runs: { version: OLD }, note: 'soon' });
  expect(waits.handoff?.pid).toBeGreaterThan(1);
  const urgent = await rpc(world, 'update.run', { target: NEW, skipDeferral: true });
  expect(urgent.payload).toMatchObject({ status: 'upgraded', change: payload.change });
  await scene.says('the verdict', ({ phase }) => phase === 'finished');
  await scene.expectTruth({ status: 'package_updated_restart_verified', runs: { version: NEW } });
  const [told] = undelivered(rootAt(world.root));
  expect(told && verdictText(changeDocument(rootAt(world.root), told.change), told.request)).toMatch(
    /The restart cut off .*\n(.*\n)*Note: soon/,
  );
});

test('incident-3: a gateway that is busy for longer than the request allows is left alone', async () => {
  const scene = await begin({ old: { tellsActivity: true } });
  const { world } = scene;
  writeTree(world.env.OPENCLAW_STATE_DIR ?? '', { busy: 'embedded-run\n' });
  await rpc(world, 'update.run', { target: NEW, timeoutMs: 6_000 });
  await scene.says('the verdict', ({ phase }) => phase === 'finished');
  await scene.expectTruth({
    ...{ status: 'package_update_failed', reason: 'timed_out', after: { version: OLD }, downtimeMs: null },
    runs: { version: OLD },
  });
  const [change] = listChanges(rootAt(world.root)).slice(-1);
  expect(change && isAlive(change.owner)).toBe(false);
});
