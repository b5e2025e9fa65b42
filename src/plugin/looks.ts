import { ReleasesError } from '../core/errors.js';

/** A second look runs beside a slow `verify`; a third would take the processors from the gateway. */
const MOST_CHILDREN = 2;

/** Seconds; `list` takes about one. */
export const RETRY_AFTER_S = 2;

/** An answer that a child process is about to give. */
export interface Answering {
  answer: Promise<string>;
  /** Resolves when the process has exited, which may be later. */
  exited: Promise<void>;
}

interface Look {
  answer: Promise<string>;
  clients: number;
  stop: AbortController;
}

/** Child processes of this gateway that read; a copy of the plugin that is loaded twice counts alone. */
let children = 0;
const looks = new Map<string, Look>();

/**
 * Reads through a child process. Equal requests share one answer, and the child is killed when the last of their clients
 * has gone.
 * @param key equal for requests that have the same answer
 * @param start begins the process, which the signal kills
 * @param gone fires when the client has left; without it the answer is awaited
 * @throws ReleasesError `too_many_requests`
 */
export function shareLook(
  key: string,
  start: (stop: AbortSignal) => Answering,
  gone?: AbortSignal,
): Promise<string> {
  gone?.throwIfAborted();
  const look = looks.get(key) ?? begin(key, start);
  look.clients++;
  const leave = () => {
    look.clients--;
    if (look.clients > 0) return;
    forget(key, look);
    look.stop.abort();
  };
  gone?.addEventListener('abort', leave, { once: true });
  return look.answer;
}

function begin(key: string, start: (stop: AbortSignal) => Answering): Look {
  if (children >= MOST_CHILDREN) {
    throw new ReleasesError('too_many_requests', `${MOST_CHILDREN} requests are being answered already.`, {
      hint: `The same request in ${RETRY_AFTER_S} s`,
      untouched: 'Nothing was begun.',
    });
  }
  const stop = new AbortController();
  const { answer, exited } = start(stop.signal);
  const look = { answer, clients: 0, stop };
  children++;
  looks.set(key, look);
  void exited.then(() => children--);
  const end = () => forget(key, look);
  answer.then(end, end);
  return look;
}

/** A killed look may have a successor under the same key by then. */
function forget(key: string, look: Look): void {
  if (looks.get(key) === look) looks.delete(key);
}
