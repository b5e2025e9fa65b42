import { type Change, isActive, newestChanges } from '../ledger/ledger.js';
import { ask } from './cli-process.js';
import type { Host } from './host.js';

/** Milliseconds; a change handed from one process to the next has no owner for a moment. */
const LOOK_MS = 10_000;

/** Records read on the gateway's loop; each change recovers those before it, so one without a verdict is new. */
const READ = 30;

/** Recovers interrupted changes: `releases.status` starts a detached worker that does it. */
export class InterruptedWatcher {
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly host: Host) {}

  watch(): void {
    this.#timer ??= setTimeout(() => void this.#look(), LOOK_MS).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    const timer = this.#timer;
    for (const change of this.#unfinished()) {
      if (!isActive(change)) await ask(this.host, 'releases.status', { change: change.id }, { scopes: null });
    }
    // Calls of `end` or `watch` may have replaced the timer meanwhile.
    if (this.#timer !== timer) return;
    this.#timer = undefined;
    if (this.#unfinished().length > 0) this.watch();
  }

  #unfinished(): Change[] {
    return newestChanges(this.host.root, READ).filter(({ endedAt }) => endedAt === null);
  }
}
