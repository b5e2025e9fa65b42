import { expect, test } from 'vitest';
import { namedWork } from '../../../src/openclaw/named-work.js';
import { talkingGateway } from '../../support/talking-gateway.js';

const AT = Date.parse('2026-11-26T12:03:07Z');

test('sessions and tasks at work are named, and since when', async () => {
  const sessions = [
    { key: 'agent:main:main', hasActiveRun: true, startedAt: AT },
    { key: 'agent:main:idle', hasActiveRun: false, startedAt: AT },
    { key: 'x'.repeat(500), hasActiveRun: true, startedAt: 1e300 },
  ];
  const tasks = [{ id: 'a', title: 'the backup', startedAt: AT }, { id: 'b' }, {}];
  const { endpoint } = await talkingGateway((method) => ({
    payload: method === 'sessions.list' ? { sessions } : { tasks },
  }));
  expect(await namedWork(endpoint)).toEqual([
    'session agent:main:main since 2026-11-26T12:03:07Z',
    `session ${'x'.repeat(80)}`,
    'task the backup since 2026-11-26T12:03:07Z',
    'task b',
    'task without a name',
  ]);
});

test.each([['refuses' as const], [{ payload: { sessions: 'none', tasks: [null, 7] } }]])(
  'a gateway that says %j names nothing',
  async (says) => {
    const { endpoint } = await talkingGateway(() => says);
    expect(await namedWork(endpoint)).toEqual([]);
  },
);
