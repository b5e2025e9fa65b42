import { expect, test } from 'vitest';
import { answeringHost, ok, typeInChat } from '../../support/plugin-doors.js';

const FOUND = {
  ok: true,
  current: '2026.6.1',
  newest: {
    ...{ version: '2026.9.6', publishedAt: '2026-09-20T10:00:00.000Z', notesUrl: 'https://notes.example' },
    ...{ staged: false, engines: null, node: { kind: 'host', version: '24.1.0' }, fetchBytes: 90 * 2 ** 20 },
  },
  expected: { ms: 60_000, outageMs: 9_000, updates: 3 },
  rollback: { needsState: true, why: 'state 15, agent 19 become state 18, agent 23' },
  findings: [
    { code: 'peer_refused', about: 'clients', weight: 'warning', sentence: 'The node pi is refused.' },
    { code: 'plugin_unpublished', about: 'plugins', weight: 'wait', sentence: 'Matrix is not published.' },
    { code: 'outage_expected', about: 'outage', weight: 'information', sentence: 'It is away for 9 s.' },
  ],
};

const RELEASE = {
  ...{ id: '2026.5.28', version: '2026.5.28', marks: ['previous'], quarantine: null },
  ...{ stateCompatibility: 'yes', stateReason: 'both have the same' },
};

const BEGUN = {
  ...{ ok: true, status: 'accepted', change: 'c-1', requestId: 'r-1', repeated: false, kind: 'update' },
  ...{
    before: { version: '2026.6.1' },
    target: '2026.9.6',
    phase: 'requested',
    handoff: null,
    error: null,
    follow: null,
  },
};

const world = (release: object = RELEASE) =>
  answeringHost({
    'releases.check': ok(FOUND),
    'releases.show': ok({ ok: true, ...release }),
    'releases.update': ok(BEGUN),
    'releases.rollback': ok({ ...BEGUN, kind: 'rollback', target: '2026.5.28' }),
    'releases.cancel': ok({ ok: true, change: 'c-1', phase: 'requested' }),
    'releases.status': ok({
      ...{ ok: true, status: 'running', sentence: 'The update to 2026.9.6 is active.', change: 'c-1' },
      ...{
        phase: 'staging',
        progress: { sentence: 'unpacking, 62 %' },
        notes: [],
        warnings: [],
        error: null,
      },
      runs: { version: '2026.6.1', release: '2026.6.1', ready: true },
    }),
  });

test('without words, /releases tells what runs and what is being done', async () => {
  const { host, asked } = world();
  const text = await typeInChat(host, '');
  expect(text.split('\n')).toEqual([
    '2026.6.1 runs.',
    'The update to 2026.9.6 is active.',
    'Now: unpacking, 62 %',
    'Again: /releases status',
  ]);
  expect(asked()).toMatchObject([{ method: 'releases.status', caller: { scopes: ['operator.admin'] } }]);
});

test('a client of the gateway gets a link to the page with it, which a channel could not open', async () => {
  const client = { gatewayClientScopes: ['operator.admin'] };
  expect(await typeInChat(world().host, 'status', client)).toMatch(/\nMore: \[the page\]\(\/releases\)$/);
  expect(await typeInChat(world().host, 'status')).not.toContain('](');
  expect(await typeInChat(world().host, 'update', client)).not.toContain('](');
});

test('an update begins only with the version that was looked up, and its requester gets the verdict', async () => {
  const { host, asked } = world();
  for (const typed of ['update', 'update 2026.9.6', 'update confirm']) {
    const text = await typeInChat(host, typed);
    expect(text).toContain(
      'Warning: The node pi is refused.\nThe timer waits: Matrix is not published.\nIt is away for 9 s.\n',
    );
    expect(text).toMatch(/To do it: \/releases update 2026\.9\.6 confirm$/);
  }
  expect(asked().map(({ method }) => method)).toEqual(Array(3).fill('releases.check'));
  expect(asked().map(({ params }) => params)).toEqual([{}, { target: '2026.9.6' }, {}]);

  const text = await typeInChat(host, 'update 2026.9.6 confirm');
  expect(text).toMatch(/has begun.*It is not done yet\..*result comes into this session/s);
  expect(asked().at(-1)).toEqual({
    method: 'releases.update',
    params: { target: '2026.9.6', sessionKey: 'main' },
    caller: { scopes: ['operator.admin'], name: '/releases in telegram' },
  });
});

test.each([
  ['update latest confirm', 'releases.check'],
  ['update beta confirm', 'releases.check'],
  ['rollback previous confirm', 'releases.show'],
  ['rollback current confirm', 'releases.show'],
])('%s is no consent: it may mean another release by now', async (typed, method) => {
  const { host, asked } = world();
  await typeInChat(host, typed);
  expect(asked().map((one) => one.method)).toEqual([method]);
});

test.each(['updates_held', 'release_quarantined', 'release_pinned'])(
  'an update without a version is not offered against %s; a named one is',
  async (code) => {
    const against = { code, about: 'policy', weight: 'warning', sentence: 'It failed here.' };
    const { host } = answeringHost({ 'releases.check': ok({ ...FOUND, findings: [against] }) });
    expect(await typeInChat(host, 'update')).toMatch(
      /^Warning: It failed here\.$.*all the same, name it: \/releases update 2026\.9\.6$/ms,
    );
    expect(await typeInChat(host, 'update 2026.9.6')).toMatch(/^Warning: It failed.*2026\.9\.6 confirm$/ms);
  },
);

test('a chat without a session says how to ask for the result', async () => {
  const { host, asked } = world();
  const { sessionKey: _, ...call } = { sessionKey: '' };
  const text = await typeInChat(host, 'update 2026.9.6 confirm', { ...call, sessionKey: undefined as never });
  expect(text).toContain('How it ended: /releases status');
  expect(asked().at(-1)?.params).toEqual({ target: '2026.9.6' });
});

test.each([
  ['yes', 'nothing is lost', '/releases rollback 2026.5.28 confirm'],
  ['with-snapshot', 'today’s is set aside', '/releases rollback 2026.5.28 confirm restore-state'],
  ['unknown', 'not known if it reads', '/releases rollback 2026.5.28 confirm'],
  ['no', 'this will be refused', '/releases rollback 2026.5.28 confirm'],
])('a rollback to a release that reads the state: %s', async (stateCompatibility, says, next) => {
  const { host, asked } = world({ ...RELEASE, stateCompatibility });
  const text = await typeInChat(host, 'rollback');
  expect(text).toContain(says);
  expect(text.split('\n').at(-1)).toBe(`To do it: ${next}`);
  expect(asked().at(-1)).toMatchObject({ method: 'releases.show', params: { release: 'previous' } });
  await typeInChat(host, next.replace('/releases ', ''));
  expect(asked().at(-1)).toMatchObject({
    method: 'releases.rollback',
    params: {
      release: '2026.5.28',
      sessionKey: 'main',
      ...(stateCompatibility === 'with-snapshot' && { yes: true }),
    },
  });
});

test('a previous release that failed here is not offered; another one can be named', async () => {
  const quarantine = {
    at: '2026-09-01T00:00:00.000Z',
    cause: { code: 'gateway_worse', message: 'It lost a channel.' },
  };
  const { host } = world({ ...RELEASE, quarantine });
  expect(await typeInChat(host, 'rollback')).toMatch(
    /failed here: It lost a channel\..*\/releases rollback VERSION/s,
  );
  expect(await typeInChat(host, 'rollback 2026.5.28')).toMatch(/failed here before.*confirm$/s);
});

test('an error is told with its next command, and consent to displace the state is asked for', async () => {
  const error = {
    code: 'confirmation_needed',
    message: 'The state of today would be displaced.',
    untouched: 'Nothing was changed.',
    hint: 'openclaw-releases rollback 2026.5.28 --yes',
  };
  const { host } = answeringHost({
    'releases.rollback': { ok: false, error: error as never },
    'releases.cancel': {
      ok: false,
      error: {
        ...error,
        code: 'no_change',
        message: 'No change is active.',
        hint: 'openclaw-releases status',
      } as never,
    },
  });
  expect(await typeInChat(host, 'rollback 2026.5.28 confirm')).toBe(
    'The state of today would be displaced.\nNothing was changed.\nIf you agree: /releases rollback 2026.5.28 confirm restore-state',
  );
  expect(await typeInChat(host, 'cancel')).toContain('Next, on the host: openclaw-releases status');
});

test.each(['nonsense', 'update 1 2', 'status confirm', 'cancel 2026.9.6', 'toString', '__proto__ confirm'])(
  '%j is answered with the list of what can be typed, and nothing is asked',
  async (typed) => {
    const { host, asked } = world();
    const text = await typeInChat(host, typed);
    expect(text.split('\n').map((line) => line.split(':')[0])).toEqual([
      '/releases status',
      '/releases check [VERSION]',
      '/releases update [VERSION]',
      '/releases rollback [VERSION]',
      '/releases cancel',
    ]);
    expect(asked()).toEqual([]);
  },
);

test('an owner who loses that right between the order and the change begins nothing', async () => {
  const { host, asked } = world();
  const assertOwnerCurrent = () => {
    throw new Error('demoted');
  };
  expect(await typeInChat(host, 'update 2026.9.6 confirm', { assertOwnerCurrent })).toContain('demoted');
  expect(asked()).toEqual([]);
});
