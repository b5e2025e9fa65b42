import type { Change } from '../ledger/ledger.js';
import { changeDocument } from '../views/change.js';
import type { Broadcast, PluginApi } from './api.js';
import type { Host } from './host.js';
import { InterruptedWatcher } from './interrupted-watcher.js';
import { deliverVerdicts } from './notify.js';
import { watchChanges } from './watch.js';

const PLUGIN = 'openclaw-releases';

/** Sends progress to the gateway's clients, by the means that its version has. */
export class Announcer {
  #emit: ((payload: object) => void) | null = null;

  /** OpenClaw 2026.9 and later. */
  useEvents(emit: (name: string, payload: object, options: { scope: 'operator.read' }) => void): void {
    this.#emit = (payload) => emit('progress', payload, { scope: 'operator.read' });
  }

  /** OpenClaw before 2026.9: any name below `plugin.`, for operators that may write. */
  useBroadcast(broadcast: Broadcast): void {
    this.#emit ??= (payload) => broadcast(`plugin.${PLUGIN}.progress`, payload, { dropIfSlow: true });
  }

  tell(payload: object): void {
    this.#emit?.(payload);
  }

  forget(): void {
    this.#emit = null;
  }
}

/** Reports steps to clients and verdicts to requesters, has changes recovered; only in a gateway of this root. */
export function registerFollower(api: PluginApi, host: Host, announcer: Announcer): void {
  if (host.release === null) return;
  let end = () => {};
  const interruptedWatcher = new InterruptedWatcher(host);
  const deliver = () => deliverVerdicts(api, host);
  api.registerService({
    id: `${PLUGIN}-follower`,
    start({ gatewayEvents }) {
      if (gatewayEvents?.emit) announcer.useEvents(gatewayEvents.emit.bind(gatewayEvents));
      // Reading the first records compiles their schemas, which would delay the start.
      const soon = setImmediate(() => {
        deliver();
        interruptedWatcher.watch();
      });
      const stop = watchChanges(host.root, (change: Change) => {
        announcer.tell(changeDocument(host.root, change));
        if (change.endedAt === null) interruptedWatcher.watch();
        else deliver();
      });
      end = () => {
        clearImmediate(soon);
        stop();
        interruptedWatcher.end();
        announcer.forget();
      };
    },
    stop: () => end(),
  });
}
