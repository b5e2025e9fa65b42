import { METHODS } from '../rpc/methods.js';
import type { DeliveryContext } from '../rpc/requests/requests.js';
import { ACTIONS, type ActionName, isAction, type Order, perform } from './actions.js';
import type { AgentTool, PluginApi, ToolContext } from './api.js';
import type { Host } from './host.js';

const NAME = 'releases';

const DESCRIPTION = [
  'Updates this OpenClaw, or returns to its previous release. It is the only way to do that here: never install or update the package openclaw in a shell.',
  'Without confirm, update and rollback only tell what would happen. Ask your person, then call again with version and confirm.',
  'The gateway restarts afterwards, so end your turn. The result comes into this session.',
].join(' ');

const WHERE_ELSE =
  'Nothing was done. The owner of this gateway can type /releases in a chat, open its page /releases, or type this on its host: openclaw-releases status';

/** The tool `releases` of the agents, for sessions in which the owner of the gateway speaks. */
export function registerAgentTool(api: PluginApi, host: Host): void {
  api.registerTool?.((context) => toolFor(context, host), { name: NAME });
}

function toolFor(context: ToolContext, host: Host): AgentTool {
  return {
    name: NAME,
    label: 'Releases',
    description: DESCRIPTION,
    parameters: {
      type: 'object',
      additionalProperties: false,
      required: ['action'],
      properties: {
        action: { type: 'string', enum: Object.keys(ACTIONS), description: actionsInWords() },
        version: { type: 'string', description: 'Version, as 2026.9.6; for check, update and rollback.' },
        confirm: { type: 'boolean', description: 'Your person has agreed to this action with this version.' },
      },
    },
    async execute(_, params) {
      const text = isOwner(context) ? await answer(host, context, params) : REFUSED;
      return { content: [{ type: 'text', text }], details: {} };
    },
  };
}

const REFUSED = `This tool is for the owner of the gateway, and who asks in this session is not known as that. ${WHERE_ELSE}`;

/**
 * Up to 2026.6 a tool does not learn if the sender is the owner. There, a sender that the configuration names with the
 * channel is, and nobody else.
 */
function isOwner({ config, messageChannel, requesterSenderId, ...context }: ToolContext): boolean {
  if ('senderIsOwner' in context) return context.senderIsOwner === true;
  const owners = config?.commands?.ownerAllowFrom;
  if (!Array.isArray(owners) || !messageChannel || !requesterSenderId) return false;
  return owners.includes(`${messageChannel}:${requesterSenderId}`);
}

async function answer(host: Host, context: ToolContext, params: unknown): Promise<string> {
  const { action, version, confirm } = (params ?? {}) as Record<string, unknown>;
  if (!isAction(action)) return `action must be one of ${Object.keys(ACTIONS).join(', ')}. Nothing was done.`;
  const order = {
    action,
    version: typeof version === 'string' && version.trim() !== '' ? version.trim() : null,
    isConfirmed: confirm === true,
    restoresState: false,
  };
  const { text } = await perform(host, order, {
    name: `tool of ${context.agentId ?? 'an agent'}`,
    sessionKey: context.sessionKey ?? null,
    ...(context.deliveryContext && { deliveryContext: knownOf(context.deliveryContext) }),
    spell,
    assertCurrent: () => {
      context.assertInvocationCurrent?.();
      if (!isOwner(context)) throw new Error(REFUSED);
    },
  });
  return text;
}

function knownOf(context: NonNullable<ToolContext['deliveryContext']>): DeliveryContext {
  const fields = ['channel', 'to', 'accountId', 'threadId'] as const;
  const known = fields.filter((field) => context[field] != null);
  return Object.fromEntries(known.map((field) => [field, context[field]]));
}

/** A rollback that replaces the state is a person's decision, and has no parameter here. */
function spell({ action, version, restoresState, isConfirmed }: Order): string {
  if (restoresState)
    return `only a person decides that, by typing /releases ${action} ${version} confirm restore-state`;
  return `${NAME} ${JSON.stringify({ action, ...(version && { version }), ...(isConfirmed && { confirm: true }) })}`;
}

function actionsInWords(): string {
  return (Object.keys(ACTIONS) as ActionName[])
    .map((action) => `${action}: ${METHODS[ACTIONS[action].method].summary}`)
    .join(' ');
}
