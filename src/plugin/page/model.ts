import type { ErrorRecord } from '../../core/errors.js';
import type { ListedRelease } from '../../views/releases.js';
import type { PageData } from '../page-data.js';

/** A release's compatibility with today's state, from `releases.list`. */
export type Reads = Pick<ListedRelease, 'id' | 'stateCompatibility' | 'stateReason'>;

export interface Model {
  picture: PageData | null;
  /** Time of the last answer, in ms by this browser's clock. */
  seenAt: number | null;
  /** Time in ms since which no answer comes; null while one does. */
  lostSince: number | null;
  /** Time of the next try, in ms. */
  retryAt: number | null;
  needsToken: boolean;
  reads: Map<string, Reads>;
  notice: { text: string; error: ErrorRecord | null } | null;
  /** Text typed beside Update. */
  spec: string;
  asking: string | null;
  /** Shows the model. */
  changed(): void;
}

export const model: Model = {
  ...{ picture: null, seenAt: null, lostSince: null, retryAt: null, needsToken: false },
  ...{ reads: new Map(), spec: 'latest', notice: null, asking: null, changed: () => {} },
};

/** True while nothing else may be ordered. */
export function isBusy({ picture, asking, lostSince }: Model): boolean {
  return picture?.running != null || asking !== null || lostSince !== null;
}
