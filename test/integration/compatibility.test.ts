import { describe, expect, test } from 'vitest';

import { check, declared, makeState } from '../support/readable.js';

describe('a release that never ran on a state', () => {
  test('is compatible with databases of exactly its versions, which it declares, without being started', async () => {
    const found = await check(makeState({ state: 15, agent: 19 }), declared(15, 19, { crashAtStart: true }));
    expect(found).toMatchObject({ reads: 'yes', why: 'it says so of a copy of each database' });
  });

  test('is not compatible with a newer database, and names it', async () => {
    expect(await check(makeState({ state: 18, agent: 19 }), declared(15, 19))).toEqual({
      reads: 'no',
      why: 'state/openclaw.sqlite has version 18, and it knows 15',
      databases: true,
    });
  });

  test.each([true, false])(
    'is not compatible with a newer database of an agent (can be asked: %s)',
    async (preflightAgent) => {
      expect(await check(makeState({ state: 15, agent: 23 }), declared(15, 19, { preflightAgent }))).toEqual({
        reads: 'no',
        why: 'agents/main/agent/openclaw-agent.sqlite has version 23, and it knows 19',
        databases: true,
      });
    },
  );
});
