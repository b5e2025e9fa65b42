import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { ACTIONS, type ActionName } from '../../../src/plugin/actions.js';
import type { CommandCall, GatewayCall, PluginApi, ToolContext } from '../../../src/plugin/api.js';
import { OWN_HEADER, refusal, refusalToRead } from '../../../src/plugin/authorize.js';
import { OWN_METHODS, registerMethods } from '../../../src/plugin/gateway-methods.js';
import { handle } from '../../../src/rpc/handle.js';
import { METHODS, type Method, type Scope } from '../../../src/rpc/methods.js';
import { nobody } from '../../support/nobody.js';
import { temporaryRoot } from '../../support/place.js';
import { answeringHost, callTool, ok, typeInChat } from '../../support/plugin-doors.js';

/** Rights of a caller at a door. */
type May = 'change' | 'read' | 'nothing';

const READ = 'operator.read';
const WRITE = 'operator.write';
const ADMIN = 'operator.admin';

/** Methods that a client with these scopes gets an answer to, by what they need: the real check behind the gateway's. */
async function byMethod(scopes: string[] | undefined): Promise<May> {
  const { host, asked } = answeringHost(Object.fromEntries(OWN_METHODS.map((name) => [name, ok({})])));
  const handlers = new Map<string, (call: GatewayCall) => Promise<void>>();
  const registerGatewayMethod: PluginApi['registerGatewayMethod'] = (name, handler, { scope }) => {
    expect(scope).toBe(METHODS[name as Method].scope);
    handlers.set(name, handler);
  };
  registerMethods({ registerGatewayMethod } as PluginApi, host, () => {});
  const may: Record<Scope, boolean[]> = { 'operator.read': [], 'operator.admin': [] };
  for (const name of ['releases.status', 'releases.update'] as const) {
    await handlers.get(name)?.({ params: {}, client: { connect: { scopes } }, respond: () => {} });
    const { caller } = asked().at(-1) ?? { caller: { scopes: null } };
    const refused = await handle({ root: temporaryRoot(), supervisor: nobody }, name, {}, caller).then(
      () => false,
      ({ code }) => code === 'forbidden',
    );
    may[METHODS[name].scope].push(!refused);
  }
  return summary(may);
}

function byPage(headers: IncomingHttpHeaders, mode?: string): May {
  const api = { config: { gateway: { auth: { mode } } } } as PluginApi;
  const request = { headers } as IncomingMessage;
  const may = (scope: Scope) => [refusal(api, request, scope) === null];
  return summary({ 'operator.read': may('operator.read'), 'operator.admin': may('operator.admin') });
}

/** A page without a script; only the gateway and a proxy decide about it. */
function byTab(headers: IncomingHttpHeaders): May {
  return refusalToRead({ headers } as IncomingMessage) === null ? 'read' : 'nothing';
}

/** Every action of a conversation, confirmed. An admitted one finds that our command is not there. */
async function byActions(order: (host: Host, action: ActionName) => Promise<string>): Promise<May> {
  const host = { ...answeringHost({}).host, cli: '/nowhere' };
  const texts = await Promise.all(
    (Object.keys(ACTIONS) as ActionName[]).map((action) => order(host, action)),
  );
  if (texts.every((text) => text.startsWith('/nowhere is not there'))) return 'change';
  for (const text of texts) expect(text).toMatch(/owner of th(is|e) gateway.*Nothing was done\./s);
  return 'nothing';
}

type Host = Parameters<typeof typeInChat>[0];

const byChat = (call: Partial<CommandCall>) =>
  byActions((host, action) => {
    const { version, isConfirmed } = ACTIONS[action];
    const words = [action, version && '2026.9.6', isConfirmed && 'confirm'].filter(Boolean);
    return typeInChat(host, words.join(' '), { senderIsOwner: undefined as never, ...call });
  });

const byTool = (context: ToolContext, isTold = true) =>
  byActions((host, action) => {
    const call = { action, version: '2026.9.6', confirm: true };
    return callTool(host, call, { ...(isTold && { senderIsOwner: undefined as never }), ...context }, isTold);
  });

function summary(may: Record<Scope, boolean[]>): May {
  if (may['operator.admin'].every(Boolean)) return 'change';
  return may['operator.read'].every(Boolean) ? 'read' : 'nothing';
}

const PAGE = { [OWN_HEADER]: 'page', 'content-type': 'application/json' };
const TOKEN = { ...PAGE, authorization: 'Bearer secret' };
const owners = { commands: { ownerAllowFrom: ['telegram:42', '43', 'telegram:*', '*'] } };
const telegram = (requesterSenderId: string) => ({
  config: owners,
  messageChannel: 'telegram',
  requesterSenderId,
});

test.each<[door: string, caller: string, may: May, attempt: () => May | Promise<May>]>([
  ['releases.*', 'a client with admin', 'change', () => byMethod([ADMIN])],
  ['releases.*', 'a client that may write', 'read', () => byMethod([READ, WRITE])],
  ['releases.*', 'a client that may read', 'read', () => byMethod([READ])],
  ['releases.*', 'a client that approves', 'nothing', () => byMethod(['operator.approvals'])],
  ['releases.*', 'a client without a scope', 'nothing', () => byMethod([])],
  ['releases.*', 'a client that names none', 'nothing', () => byMethod(undefined)],

  ['page', 'the holder of the token', 'change', () => byPage(TOKEN)],
  ['page', 'the frame of the tab, which has no token', 'read', () => byPage(PAGE)],
  ['page', 'a page of another site', 'nothing', () => byPage({ authorization: 'Bearer secret' })],
  [
    'page',
    'a proxy’s administrator',
    'change',
    () => byPage({ ...PAGE, 'x-openclaw-scopes': ADMIN }, 'trusted-proxy'),
  ],
  ['page', 'a proxy’s reader', 'read', () => byPage({ ...PAGE, 'x-openclaw-scopes': READ }, 'trusted-proxy')],
  [
    'page',
    'a proxy’s stranger',
    'nothing',
    () => byPage({ ...PAGE, 'x-openclaw-scopes': '' }, 'trusted-proxy'),
  ],
  ['page', 'anybody, where nobody is asked', 'read', () => byPage(TOKEN, 'none')],

  ['tab', 'a frame that the gateway grants to read', 'read', () => byTab({})],
  ['tab', 'a proxy’s stranger', 'nothing', () => byTab({ 'x-openclaw-scopes': '' })],

  ['/releases', 'the owner in a channel', 'change', () => byChat({ senderIsOwner: true })],
  ['/releases', 'somebody in a channel', 'nothing', () => byChat({ senderIsOwner: false })],
  ['/releases', 'somebody whom the gateway does not tell of', 'nothing', () => byChat({})],
  [
    '/releases',
    'an owner whom the channel does not let in',
    'nothing',
    () => byChat({ senderIsOwner: true, isAuthorizedSender: false }),
  ],
  ['/releases', 'a client with admin', 'change', () => byChat({ gatewayClientScopes: [ADMIN] })],
  ['/releases', 'a client that may write', 'nothing', () => byChat({ gatewayClientScopes: [READ, WRITE] })],
  [
    '/releases',
    'a client that may write, as an owner',
    'nothing',
    () => byChat({ gatewayClientScopes: [WRITE], senderIsOwner: true }),
  ],

  ['tool', 'the owner', 'change', () => byTool({ senderIsOwner: true })],
  ['tool', 'somebody', 'nothing', () => byTool({ senderIsOwner: false })],
  ['tool', 'a turn that nobody began', 'nothing', () => byTool({})],
  ['tool', 'somebody with the number of an owner, since 2026.9', 'nothing', () => byTool(telegram('42'))],
  ['tool', 'a named owner, up to 2026.6', 'change', () => byTool(telegram('42'), false)],
  ['tool', 'a name without its channel, up to 2026.6', 'nothing', () => byTool(telegram('43'), false)],
  ['tool', 'a name that is a pattern, up to 2026.6', 'nothing', () => byTool(telegram('44'), false)],
  [
    'tool',
    'a star as a sender, up to 2026.6',
    'nothing',
    () => byTool({ ...telegram('*'), messageChannel: 'x' }, false),
  ],
  [
    'tool',
    'an owner of another channel, up to 2026.6',
    'nothing',
    () => byTool({ ...telegram('42'), messageChannel: 'signal' }, false),
  ],
  ['tool', 'a turn that nobody began, up to 2026.6', 'nothing', () => byTool({ config: owners }, false)],
])('%s: %s may do: %s', async (_door, _caller, may, attempt) => {
  expect(await attempt()).toBe(may);
});

test('an owner whose right ends during a turn gets no further', async () => {
  const { host, asked } = answeringHost({});
  const order = { action: 'update', version: '2026.9.6', confirm: true };
  const assertInvocationCurrent = () => {
    throw new Error('no longer');
  };
  expect(await callTool(host, order, { assertInvocationCurrent })).toContain('no longer');
  expect(asked()).toEqual([]);
});
