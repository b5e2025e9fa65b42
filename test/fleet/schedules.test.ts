import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/place.js';
import { slowness } from '../support/slowness.js';
import { anySeed, randomFrom } from '../torture/random.js';
import {
  drawSchedule,
  GOOD,
  HOSTS,
  LOOKS,
  ROLLED_BACK,
  type Schedule,
  type SimulatedHost,
} from './schedule.js';
import { brokenRules, simulate } from './simulation.js';

const seed = Number(process.env.OPENCLAW_RELEASES_FLEET_SEED) || anySeed();
const LIMIT = 240_000 * slowness;

function allGood(more: Partial<SimulatedHost> = {}): Schedule {
  const good: SimulatedHost = { verdict: GOOD, down: null, breaks: false, ...more };
  return { kind: 'mixed', hosts: Object.fromEntries(HOSTS.map((name) => [name, { ...good }])) };
}

/** A batch in which a host is rolled back and another one is down. */
function trap(): Schedule {
  const { hosts } = allGood();
  Object.assign(hosts.h03 ?? {}, { verdict: ROLLED_BACK });
  Object.assign(hosts.h04 ?? {}, { down: [LOOKS + 1, 1_000_000] });
  return { kind: 'bad on one, another down', hosts };
}

describe('the gate of a roll-out, in the real ansible-playbook over 20 simulated hosts', () => {
  test(
    'a release that fails on one host while another is down stops with its batch; Ansible alone continues',
    async () => {
      const gate = await simulate(trap(), 'gate', temporaryDirectory('fleet'));
      expect(brokenRules(trap(), gate), gate.output).toEqual([]);
      expect(gate.reached.length, gate.output).toBeLessThanOrEqual(1 + 5);
      const stock = await simulate(trap(), 'max_fail_percentage: 0', temporaryDirectory('fleet'));
      expect(stock.beyond.length, stock.output).toBeGreaterThan(10);
    },
    LIMIT,
  );

  test(
    'connections that break in the middle of every change cost nothing: each host is restarted once',
    async () => {
      const schedule = allGood({ breaks: true });
      const outcome = await simulate(schedule, 'gate', temporaryDirectory('fleet'));
      expect(brokenRules(schedule, outcome), outcome.output).toEqual([]);
      expect(outcome.done, outcome.output).toEqual(HOSTS);
    },
    LIMIT,
  );

  test.each([1, 2, 3])(
    'drawn schedule %i keeps the rules',
    async (turn) => {
      const schedule = drawSchedule(randomFrom(seed + turn));
      const outcome = await simulate(schedule, 'gate', temporaryDirectory('fleet'));
      const again = `OPENCLAW_RELEASES_FLEET_SEED=${seed}\n${JSON.stringify(schedule)}\n${outcome.output}`;
      expect(brokenRules(schedule, outcome), again).toEqual([]);
    },
    LIMIT,
  );
});
