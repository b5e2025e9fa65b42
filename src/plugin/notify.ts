import { toErrorRecord } from '../core/errors.js';
import {
  claimDelivery,
  giveUpDelivery,
  markDelivered,
  type RequestRecord,
  type Undelivered,
  undelivered,
} from '../rpc/requests/requests.js';
import { verdictText } from '../rpc/requests/result-text.js';
import { changeDocument } from '../views/change.js';
import type { PluginApi } from './api.js';
import { type Host, isNewLine } from './host.js';

/** Delivers each verdict once. A request without a session counts as delivered: `update.status` answers it. */
export function deliverVerdicts(api: PluginApi, host: Host): void {
  let waiting: Undelivered[];
  try {
    waiting = undelivered(host.root);
  } catch (error) {
    api.logger?.warn(`What became of updates is not known: ${toErrorRecord(error).message}`);
    return;
  }
  for (const { request, change } of waiting) {
    if (!claimDelivery(host.root, request.id)) continue;
    try {
      const text = verdictText(changeDocument(host.root, change), request);
      if (request.sessionKey !== null) say(api, host, text, request, request.sessionKey);
      api.logger?.info(`${change.id}: ${change.status}`);
      markDelivered(host.root, request.id);
    } catch (error) {
      // The next start, or the next change that ends, tries again.
      giveUpDelivery(host.root, request.id);
      api.logger?.warn(`${change.id} could not be told: ${toErrorRecord(error).message}`);
    }
  }
}

/** Starts the session's next turn with the text, as OpenClaw does for its own restarts. */
function say(api: PluginApi, host: Host, text: string, request: RequestRecord, sessionKey: string): void {
  const system = api.runtime?.system;
  if (!system) throw new Error('this gateway has no way to say something into a session');
  const { deliveryContext } = request;
  system.enqueueSystemEvent(text, { sessionKey, ...(deliveryContext && { deliveryContext }) });
  // 2026.5.28 and 2026.6.1 run a heartbeat at once, omit the event from its prompt, and then drop the event.
  if (!isNewLine(host)) return;
  system.requestHeartbeat?.({
    ...{ source: 'restart-sentinel', intent: 'immediate', reason: 'wake' },
    sessionKey,
  });
}
