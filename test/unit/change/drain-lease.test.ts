import { expect, onTestFinished, test, vi } from 'vitest';
import { holdDrain, releaseDrain } from '../../../src/change/drain-lease.js';
import { restart } from '../../../src/change/steps/restart.js';
import { newChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import type { Reached } from '../../../src/openclaw/reach.js';
import type { Inspection } from '../../../src/supervisor/supervisor.js';
import { fakeContext } from '../../support/fake-steps.js';
import { nobody } from '../../support/nobody.js';
import { temporaryRoot } from '../../support/place.js';

type Answer = { lease: string; busy: string[] } | null;

/** Questions to a gateway in their order, and its answers to `prepare`, which the test gives. */
const gateway = vi.hoisted(() => ({
  asked: [] as string[],
  answers: [] as Promise<Answer>[],
}));
vi.mock('../../../src/openclaw/abilities.js', () => ({ sampleAbilities: async () => ({}) }));
vi.mock('../../../src/openclaw/handoff.js', () => ({ identifyProcess: async () => null }));
vi.mock('../../../src/openclaw/named-work.js', () => ({ namedWork: async () => [] }));
vi.mock('../../../src/openclaw/reach.js', () => ({ reach: async () => REACHED }));
vi.mock('../../../src/openclaw/drain.js', () => ({
  RENEW_MS: 30_000,
  drain: async () => {
    gateway.asked.push('prepare');
    const answer = (await gateway.answers.shift()) ?? null;
    gateway.asked.push(`lease ${answer?.lease}`);
    return answer;
  },
  endDrain: async (_: unknown, lease: string) => void gateway.asked.push(`resume ${lease}`),
}));

const REACHED = { endpoint: {}, health: { ready: true } } as Reached;
const RUNNING: Inspection = {
  ...{ state: 'running', pid: 999_999_999, instance: 'i', restarts: 0, lastExit: null },
  launch: { args: [], env: {} },
};

/** A gateway that drains, one renewal of which has no answer yet. */
async function drained() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  let answer = (_: Answer) => {};
  const late = new Promise<Answer>((resolve) => {
    answer = resolve;
  });
  Object.assign(gateway, { asked: [], answers: [Promise.resolve({ lease: 'a', busy: [] }), late] });
  const root = temporaryRoot();
  const change = newChange(planChange('adopt', '2'), { from: '1', previous: null, to: '2' });
  const supervisor = { ...nobody, inspect: async () => RUNNING };
  const context = fakeContext(root, change, { supervisor });
  expect(await holdDrain(context, REACHED, RUNNING)).toEqual([]);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(gateway.asked).toEqual(['prepare', 'lease a', 'prepare']);
  return { context, answer };
}

test('a renewal without an answer yet ends before the gateway is opened, by the name of its lease', async () => {
  const { context, answer } = await drained();
  const released = releaseDrain(context);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(gateway.asked).toHaveLength(3);
  answer({ lease: 'b', busy: [] });
  await released;
  expect(gateway.asked.slice(3)).toEqual(['lease b', 'resume b']);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(gateway.asked).toHaveLength(5);
});

test('a renewal without an answer leaves the lease as it is', async () => {
  const { context, answer } = await drained();
  answer(null);
  await releaseDrain(context);
  expect(gateway.asked.at(-1)).toBe('resume a');
});

test('the undo of a restart opens the gateway again, also where nothing waited for it', async () => {
  const { context, answer } = await drained();
  answer(null);
  await restart.undo?.(context);
  expect(gateway.asked.at(-1)).toBe('resume a');
  expect(context.change.facts).not.toHaveProperty('drain');
});

test('a supervisor that fails does not keep a gateway from being released', async () => {
  const { context, answer } = await drained();
  answer(null);
  const inspect = () => Promise.reject(new Error('broken'));
  await releaseDrain({ ...context, supervisor: { ...context.supervisor, inspect } });
  expect(context.change.facts).not.toHaveProperty('drain');
});
