import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { prioritiesAfter } from '../../support/session-priority.js';

/** Kernels without groups by session have nothing to set; that must not be an error. */
const GROUPS = existsSync('/proc/self/autogroup');
const nice = (value: number) => (GROUPS ? value : null);

describe('the priority of a session', () => {
  test('goes down and up again for a process that leads its own session', async () => {
    const body =
      'for (const wanted of [10, 19, 0]) { await setOwnSessionPriority(wanted); said.push(nice()); }';
    expect(await prioritiesAfter(body, true)).toEqual([nice(10), nice(19), nice(0)]);
  });

  test('is left alone where the session is shared with the parent', async () => {
    const [before, after] = await prioritiesAfter(
      'said.push(nice()); await setOwnSessionPriority(10); said.push(nice());',
      false,
    );
    expect(after).toBe(before);
  });

  test('follows the steps of a change: low while a release is staged, and normal for a step that others wait for', async () => {
    const steps = { resolve: 0, stage: 10, probe: 10, idle: 0, restart: 0, seal: 10 };
    const body = `
      const seen = [];
      const observer = yielding({ step: (record) => seen.push(record.name) });
      const become = async (expected) => {
        await new Promise(setImmediate);
        for (let tries = 0; tries < 50 && ${GROUPS} && nice() !== expected; tries++)
          await new Promise((resolve) => setTimeout(resolve, 50));
        said.push(nice());
      };
      for (const [name, expected] of Object.entries(${JSON.stringify(steps)})) {
        for (const state of ['doing', 'done']) observer.step({ name, state }, {});
        await become(expected);
      }
      observer.step({ name: 'stage', state: 'undoing' }, {});
      await become(0);
      said.push(seen.length);`;
    const expected = [...Object.values(steps), 0].map(nice);
    expect(await prioritiesAfter(body, true)).toEqual([...expected, 13]);
  });
});
