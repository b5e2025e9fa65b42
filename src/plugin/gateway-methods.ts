import type { ErrorRecord } from '../core/errors.js';
import type { Caller } from '../rpc/documents.js';
import { METHODS, type Method } from '../rpc/methods.js';
import type { Broadcast, GatewayCall, GatewayError, PluginApi } from './api.js';
import { ask } from './cli-process.js';
import type { Host } from './host.js';

/** Methods that we register; `update.*` belongs to the gateway, and no plugin can replace it. */
export const OWN_METHODS = (Object.keys(METHODS) as Method[]).filter((name) => name.startsWith('releases.'));

/** @param reachable receives `broadcast`, which before 2026.9 only a call provides */
export function registerMethods(api: PluginApi, host: Host, reachable: (broadcast: Broadcast) => void): void {
  for (const name of OWN_METHODS) {
    const { scope } = METHODS[name];
    api.registerGatewayMethod(
      name,
      async (call) => {
        if (call.context?.broadcast) reachable(call.context.broadcast);
        const reply = await ask(host, name, call.params, callerOf(call));
        if (reply.ok) call.respond(true, reply.payload);
        else call.respond(false, undefined, gatewayError(reply.error));
      },
      { scope },
    );
  }
}

/** A call without a client comes from the gateway itself, so its scopes are null. */
function callerOf({ client }: GatewayCall): Caller {
  if (!client?.connect) return { scopes: null };
  const { scopes, client: program } = client.connect;
  const known = Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : [];
  return { scopes: known, ...(typeof program?.id === 'string' && { name: program.id }) };
}

/** The gateway has few codes; ours is in `message` and `details`, with the next command. */
function gatewayError(error: ErrorRecord): GatewayError {
  const { code, message } = error;
  const isAsked = code === 'params_invalid' || code === 'usage' || code === 'forbidden';
  return {
    code: isAsked ? 'INVALID_REQUEST' : 'UNAVAILABLE',
    message: `${code}: ${message}`,
    details: error,
    ...((code === 'locked' || code === 'too_many_requests') && { retryable: true }),
  };
}
