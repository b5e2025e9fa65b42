import { isActive, unfinishedChanges } from '../ledger/ledger.js';
import { ask } from './cli-process.js';
import type { Host } from './host.js';

/** Milliseconds; a change handed from one process to the next has no owner for a moment. */
const LOOK_MS = 10_000;

/** Recovers interrupted changes: `releases.status` starts a detached worker that does it. */
export class InterruptedWatcher {
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly host: Host) {}

  /** Checks repeatedly until every change has its verdict. */
  watch(): void {
    this.#timer ??= setTimeout(() => void this.#look(), LOOK_MS).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    const timer = this.#timer;
    for (const change of unfinishedChanges(this.host.root)) {
      if (!isActive(change)) await ask(this.host, 'releases.status', { change: change.id }, { scopes: null });
    }
    // Calls of `end` or `watch` may have replaced the timer meanwhile.
    if (this.#timer !== timer) return;
    this.#timer = undefined;
    if (unfinishedChanges(this.host.root).length > 0) this.watch();
  }
}
