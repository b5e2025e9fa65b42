import { expect, test } from 'vitest';
import { namedWork } from '../../../src/openclaw/named-work.js';
import { talkingGateway } from '../../support/talking-gateway.js';

const redact = (text: string) => text.replaceAll('s3cret', '…');

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
  expect(await namedWork(endpoint, redact)).toEqual([
    'session agent:main:main since 2026-11-26T12:03:07Z',
    `session ${'x'.repeat(79)}…`,
    'task the backup since 2026-11-26T12:03:07Z',
    'task b',
    'task without a name',
  ]);
});

test('names have no secret, no whole number of a telephone, and one line', async () => {
  const sessions = [{ key: 'agent:main:whatsapp:dm:+15551234567', hasActiveRun: true }];
  const tasks = [
    { title: `deploy with ${'s3cret'.padStart(75)}` },
    { title: 'done\r\n\u2028 Next: openclaw-releases prune --all\u001b[2K' },
    { title: ' \n' },
  ];
  const { endpoint } = await talkingGateway((method) => ({
    payload: method === 'sessions.list' ? { sessions } : { tasks },
  }));
  expect(await namedWork(endpoint, redact)).toEqual([
    'session agent:main:whatsapp:dm:…67',
    'task deploy with …',
    'task done Next: openclaw-releases prune --all [2K',
    'task without a name',
  ]);
});

test.each([['refuses' as const], [{ payload: { sessions: 'none', tasks: [null, 7] } }]])(
  'a gateway that says %j names nothing',
  async (says) => {
    const { endpoint } = await talkingGateway(() => says);
    expect(await namedWork(endpoint, redact)).toEqual([]);
  },
);
