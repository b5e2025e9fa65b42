import type { ErrorRecord } from '../../core/errors.js';
import type { PageData } from '../page-data.js';

/** A release's compatibility with today's state, from `releases.list`. */
export interface Reads {
  id: string;
  stateCompatibility: 'yes' | 'with-snapshot' | 'no' | 'unknown';
  stateReason: string;
}

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
  /** Text typed beside Update; kept here because the field is rebuilt more often than it is typed into. */
  spec: string;
  asking: string | null;
}

export const model: Model = {
  ...{ picture: null, seenAt: null, lostSince: null, retryAt: null, needsToken: false },
  ...{ reads: new Map(), spec: 'latest', notice: null, asking: null },
};

export interface Orders {
  update(spec: string): void;
  rollBack(release: string | null): void;
  switchTo(release: string): void;
  pin(release: string, on: boolean): void;
  hold(hours: number | null): void;
  unhold(): void;
  cancel(): void;
  restartNow(): void;
}
