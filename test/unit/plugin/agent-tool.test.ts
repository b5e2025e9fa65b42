import { expect, test } from 'vitest';
import { ACTIONS } from '../../../src/plugin/actions.js';
import { agentTools, answeringHost, callTool, ok } from '../../support/plugin-doors.js';

const world = () =>
  answeringHost({
    'releases.update': ok({
      ...{ ok: true, status: 'accepted', change: 'c-1', requestId: 'r-1', repeated: false, kind: 'update' },
      ...{ before: { version: '2026.6.1' }, target: '2026.9.6', phase: 'requested', handoff: null },
      ...{ error: null, follow: null },
    }),
    'releases.show': ok({
      ...{ ok: true, id: '2026.5.28', version: '2026.5.28', marks: [], quarantine: null },
      ...{ stateCompatibility: 'with-snapshot', stateReason: 'another schema' },
    }),
    'releases.rollback': {
      ok: false,
      error: {
        ...{ code: 'confirmation_needed', message: 'Today’s state would be displaced.' },
        ...{ untouched: 'Nothing was changed.', hint: 'openclaw-releases rollback --yes' },
      },
    },
  });

test('the tool offers the same actions as the chat, and says what each does', () => {
  const [tool] = agentTools(world().host);
  const names = Object.keys(ACTIONS);
  expect(tool?.parameters).toMatchObject({ properties: { action: { enum: names } } });
  const text = JSON.stringify(tool?.parameters);
  for (const name of names) expect(text).toContain(`${name}: `);
  expect(tool?.description).toMatch(/never install or update the package openclaw in a shell/);
});

test('an owner’s agent begins an update, and the verdict has the way back into its session', async () => {
  const { host, asked } = world();
  const text = await callTool(
    host,
    { action: 'update', version: '2026.9.6', confirm: true },
    {
      ...{ agentId: 'main', sessionKey: 'agent:main:main' },
      deliveryContext: { channel: 'telegram', to: '42', threadId: 7, accountId: null as never },
    },
  );
  expect(text).toContain('It is not done yet.');
  expect(text).toContain('releases {"action":"status"}');
  expect(asked()).toEqual([
    {
      method: 'releases.update',
      params: {
        ...{ target: '2026.9.6', sessionKey: 'agent:main:main' },
        deliveryContext: { channel: 'telegram', to: '42', threadId: 7 },
      },
      caller: { scopes: ['operator.admin'], name: 'tool of main' },
    },
  ]);
});

test('an agent cannot agree that a rollback displaces the state: only a person does, in the chat', async () => {
  const { host, asked } = world();
  const typed = '/releases rollback 2026.5.28 confirm restore-state';
  expect(await callTool(host, { action: 'rollback' })).toContain(typed);
  const call = { action: 'rollback', version: '2026.5.28', confirm: true };
  expect(await callTool(host, { ...call, restoresState: true, yes: true })).toContain(typed);
  expect(asked().at(-1)?.params).toEqual({ release: '2026.5.28', sessionKey: 'main' });
});

test.each([undefined, null, 'update', { action: 'constructor' }, { action: 7 }, {}])(
  'parameters that are none are refused: %j',
  async (params) => {
    const { host, asked } = world();
    expect(await callTool(host, params)).toMatch(/^action must be one of status, check, update/);
    expect(asked()).toEqual([]);
  },
);

test('a version that is no text and a consent that is no true count as missing', async () => {
  const { host, asked } = world();
  await callTool(host, { action: 'rollback', version: ['2026.5.28'], confirm: 'yes' });
  expect(asked()).toMatchObject([{ method: 'releases.show', params: { release: 'previous' } }]);
});
