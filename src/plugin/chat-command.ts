import { METHODS } from '../rpc/methods.js';
import { ACTIONS, type ActionName, isAction, type Order, perform } from './actions.js';
import type { CommandCall, PluginApi } from './api.js';
import type { Host } from './host.js';

const NAME = 'releases';

/** The chat command `/releases`, for the owner of a channel or a client with `operator.admin`. */
export function registerChatCommand(api: PluginApi, host: Host): void {
  api.registerCommand?.({
    name: NAME,
    description: 'Releases of this gateway: status, update, roll back',
    acceptsArgs: true,
    requireAuth: true,
    requiredScopes: ['operator.admin'],
    handler: async (call) => ({ text: await answer(host, call) }),
  });
}

async function answer(host: Host, call: CommandCall): Promise<string> {
  if (!isAdmitted(call)) return 'Only the owner of this gateway may use /releases. Nothing was done.';
  const order = parse(call.args ?? '');
  if (order === null) return help();
  const { text } = await perform(host, order, {
    name: `/releases in ${call.channel ?? 'a chat'}`,
    sessionKey: call.sessionKey ?? null,
    spell,
    ...(call.assertOwnerCurrent && { assertCurrent: call.assertOwnerCurrent }),
  });
  return order.action === 'status' && call.gatewayClientScopes ? `${text}\n${PAGE_LINK}` : text;
}

/** The only way from a Control UI without tabs (before 2026.9) to the page. A channel could not open it. */
const PAGE_LINK = 'More: [the page](/releases)';

/** Checks what the gateway has checked before it called us: a version of it might ignore what the command demands. */
function isAdmitted({ isAuthorizedSender, gatewayClientScopes, senderIsOwner }: CommandCall): boolean {
  if (isAuthorizedSender !== true) return false;
  return gatewayClientScopes ? gatewayClientScopes.includes('operator.admin') : senderIsOwner === true;
}

/** Null for what is no order. */
function parse(text: string): Order | null {
  const [action = 'status', ...rest] = text.trim().split(/\s+/).filter(Boolean);
  if (!isAction(action)) return null;
  const { version: takesVersion, isConfirmed: takesConfirmation } = ACTIONS[action];
  const [version = null, ...others] = rest.filter((word) => !AGREED.has(word));
  const isConfirmed = rest.includes('confirm');
  const restoresState = rest.includes('restore-state');
  if (others.length > 0 || (version !== null && takesVersion === null)) return null;
  if ((isConfirmed || restoresState) && !takesConfirmation) return null;
  return { action, version, isConfirmed, restoresState };
}

const AGREED = new Set(['confirm', 'restore-state']);

function spell({ action, version, isConfirmed, restoresState }: Order): string {
  const agreed = [isConfirmed && 'confirm', isConfirmed && restoresState && 'restore-state'];
  return [`/${NAME}`, action, version, ...agreed].filter(Boolean).join(' ');
}

function help(): string {
  return (Object.keys(ACTIONS) as ActionName[])
    .map((action) => {
      const { method, version } = ACTIONS[action];
      return `/${NAME} ${action}${version === null ? '' : ' [VERSION]'}: ${METHODS[method].summary}`;
    })
    .join('\n');
}
