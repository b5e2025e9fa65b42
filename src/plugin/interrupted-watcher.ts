import { isActive, unfinishedChanges } from '../ledger/ledger.js';
import { ask } from './cli-process.js';
import type { Host } from './host.js';

/** A change that is handed from one process to the next is nobody's for a moment. */
const LOOK_MS = 10_000;

/**
 * Sees to changes whose process died: asking for their status has a process outside of the gateway give them their end.
 * Looks only while a change has no verdict.
 */
export class InterruptedWatcher {
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly host: Host) {}

  /** Looks from now on, until every change has its verdict. */
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
      // Nobody asked; so it is the gateway itself that does.
      if (!isActive(change)) await ask(this.host, 'releases.status', { change: change.id }, { scopes: null });
    }
    // It may have been ended, or begun anew, meanwhile.
    if (this.#timer !== timer) return;
    this.#timer = undefined;
    if (unfinishedChanges(this.host.root).length > 0) this.watch();
  }
}
