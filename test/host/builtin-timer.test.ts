import { describe, expect, test } from 'vitest';
import { offsetOf } from '../../src/adopt/timer-unit-plan.js';
import { rootAt } from '../../src/store/root.js';
import { readTimerState } from '../../src/store/timer-state.js';
import { atMoment } from '../support/faketime.js';
import { until } from '../support/place.js';
import { makeWorld } from '../support/world.js';

describe('the built-in supervisor', () => {
  test('runs the timer at the moment of the hour that is this host’s own, and says why nothing is done', async () => {
    const world = await makeWorld();
    world.publish('2026.6.1');
    await world.ok('stage', '2026.6.1');
    await world.ok('switch', '2026.6.1', '--no-restart');
    const { next } = await world.ok('timer', 'enable');
    const moment = offsetOf(readTimerState(rootAt(world.root)).installId) % (60 * 60_000);
    expect((Date.parse(next) % (60 * 60_000)) - moment).toBeLessThan(1);
    const hour = Date.parse('2026-12-01T03:00Z');
    const running = await world.superviseWith(atMoment(hour + moment - 8_000));
    await until(
      'it has looked',
      () => running.stderr().includes('no 2026.6.1: 2026.6.1 runs already.'),
      45_000,
    );
    await until('it has remembered that', () => readTimerState(rootAt(world.root)).decisions.length > 0);
    expect(readTimerState(rootAt(world.root)).decisions).toMatchObject([
      { verdict: 'no', rule: 'available' },
    ]);
  });
});
