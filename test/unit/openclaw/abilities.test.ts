import { expect, test } from 'vitest';
import { doubtful, lost, sampleAbilities } from '../../../src/openclaw/abilities.js';
import { talkingGateway } from '../../support/talking-gateway.js';

/** Answers of real gateways, shortened. */
const ANSWERS: Record<string, unknown> = {
  'channels.status': {
    channelAccounts: {
      telegram: [{ accountId: 'default', running: true, connected: true, configured: true }],
      discord: [
        { accountId: 'default', running: false, configured: false },
        { accountId: 'work', running: false, configured: true, lastError: 'no token' },
      ],
      slack: [{ accountId: 'default', running: false, configured: true }, null],
      signal: [{ accountId: 'default', running: false, configured: true, lastError: 'fetch failed' }],
      line: [{ accountId: 'default', running: false, configured: true, lastError: '401: Unauthorized' }],
      zalo: [{ accountId: 'default', running: false, lastError: "Cannot find module 'zca'" }],
      irc: [
        {
          ...{
            accountId: 'default',
            running: false,
            configured: true,
            lifecycle: 'blocked',
            lastStartAt: null,
          },
          lastError:
            'Secret owner account:irc:default is configured but unavailable (credential file is unavailable).',
        },
      ],
      msteams: [
        {
          accountId: 'default',
          running: false,
          lifecycle: 'blocked',
          lastStartAt: 1,
          lastError: '401: revoked',
        },
      ],
      matrix: 'none',
    },
  },
  'models.authStatus': {
    providers: [
      { provider: 'anthropic', status: 'ok' },
      { provider: 'openai', status: 'missing' },
      { provider: 'github', status: 'expired' },
      { provider: 'google', status: 'a new word' },
    ],
  },
  'cron.status': { enabled: true, jobs: 3 },
};

test('what works and what is broken is listed by name, and the rest is left out', async () => {
  const { endpoint, asked } = await talkingGateway((method) => ({ payload: ANSWERS[method] }));
  expect(await sampleAbilities(endpoint)).toEqual({
    'channel telegram': true,
    'channel discord': false,
    'channel discord (work)': false,
    'channel irc': false,
    'channel zalo': false,
    'credentials of anthropic': true,
    'credentials of openai': false,
    'scheduled jobs': true,
  });
  expect(new Set(asked.map(({ method }) => method))).toEqual(new Set(['connect', ...Object.keys(ANSWERS)]));
  expect(asked.flatMap(({ params }) => params.scopes ?? [])).toEqual(Array(3).fill('operator.read'));
});

test.each([['refuses' as const], [{ payload: null }], [{ payload: { channelAccounts: [], providers: 7 } }]])(
  'a gateway that says %j has no abilities on record',
  async (says) => {
    const { endpoint } = await talkingGateway(() => says);
    expect(await sampleAbilities(endpoint)).toEqual({});
  },
);

test('only what worked before and is broken now is lost', () => {
  const before = { a: true, b: true, c: true, d: false };
  const after = { a: true, b: false, d: false, e: false };
  expect(lost(before, after)).toEqual(['b']);
  expect(doubtful(before, after)).toEqual(['c']);
});
