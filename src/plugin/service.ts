import { type Change, isActive, newestChanges } from '../ledger/ledger.js';
import { changeDocument } from '../views/change.js';
import type { Broadcast, PluginApi } from './api.js';
import { ask } from './cli-process.js';
import type { Host } from './host.js';
import { deliverVerdicts } from './notify.js';
import { watchChanges } from './watch.js';

const PLUGIN = 'openclaw-releases';

/** Milliseconds; a change handed from one process to the next has no owner for a moment. */
const LOOK_MS = 10_000;

/** Records read on the gateway's loop; each change recovers those before it, so one without a verdict is new. */
const READ = 30;

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
  const interrupted = interruptedChanges(host);
  const deliver = () => deliverVerdicts(api, host);
  api.registerService({
    id: `${PLUGIN}-follower`,
    start({ gatewayEvents }) {
      if (gatewayEvents?.emit) announcer.useEvents(gatewayEvents.emit.bind(gatewayEvents));
      // Reading the first records compiles their schemas, which would delay the start.
      const soon = setImmediate(() => {
        deliver();
        interrupted.watch();
      });
      const stop = watchChanges(host.root, (change: Change) => {
        announcer.tell(changeDocument(host.root, change));
        if (change.endedAt === null) interrupted.watch();
        else deliver();
      });
      end = () => {
        clearImmediate(soon);
        stop();
        interrupted.end();
        announcer.forget();
      };
    },
    stop: () => end(),
  });
}

/** Has interrupted changes recovered, until every change has its verdict: `releases.status` starts a worker for it. */
function interruptedChanges(host: Host): { watch(): void; end(): void } {
  let timer: NodeJS.Timeout | undefined;
  const unfinished = () => newestChanges(host.root, READ).filter(({ endedAt }) => endedAt === null);
  const watch = () => {
    timer ??= setTimeout(() => void look(), LOOK_MS).unref();
  };
  const end = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  const look = async () => {
    const own = timer;
    for (const change of unfinished())
      if (!isActive(change)) await ask(host, 'releases.status', { change: change.id }, { scopes: null });
    // Calls of `end` or `watch` may have replaced the timer meanwhile.
    if (timer !== own) return;
    timer = undefined;
    if (unfinished().length > 0) watch();
  };
  return { watch, end };
}
