import type { Caller, Reply } from '../rpc/documents.js';
import type { Method } from '../rpc/methods.js';
import { ask } from './cli-process.js';
import type { Host } from './host.js';

/** Each look is a process beside a gateway that has a small machine to itself. */
const MOST = 2;

/** Seconds after which a refused caller may ask again. */
export const RETRY_AFTER_S = 2;

interface Look {
  reply: Promise<Reply>;
  callers: number;
  end: AbortController;
}

const REFUSED: Reply = {
  ok: false,
  error: {
    code: 'too_many_requests',
    message: `${MOST} other questions are being answered.`,
    untouched: 'Nothing was tried.',
    hint: `The same again in ${RETRY_AFTER_S} seconds, or openclaw-releases on the host`,
  },
};

/**
 * Answers questions of the gateway's clients that change nothing. Equal ones share a process; two run at most. A process
 * ends when its last caller has gone.
 */
export class Looks {
  readonly #shared = new Map<string, Look>();
  #processes = 0;

  /** @param gone aborts when the caller has gone; absent where that is not known */
  async ask(host: Host, method: Method, params: unknown, caller: Caller, gone?: AbortSignal): Promise<Reply> {
    const key = JSON.stringify([method, params ?? {}, caller]);
    const look = this.#shared.get(key) ?? this.#begin(key, (end) => ask(host, method, params, caller, end));
    if (!look) return REFUSED;
    look.callers++;
    gone?.addEventListener('abort', () => this.#leave(key, look), { once: true });
    return look.reply;
  }

  #begin(key: string, work: (end: AbortSignal) => Promise<Reply>): Look | null {
    if (this.#processes >= MOST) return null;
    this.#processes++;
    const end = new AbortController();
    const look = { end, callers: 0, reply: work(end.signal) };
    this.#shared.set(key, look);
    void look.reply.then(() => {
      this.#processes--;
      this.#forget(key, look);
    });
    return look;
  }

  #leave(key: string, look: Look): void {
    if (--look.callers > 0) return;
    this.#forget(key, look);
    look.end.abort();
  }

  #forget(key: string, look: Look): void {
    if (this.#shared.get(key) === look) this.#shared.delete(key);
  }
}
