import type { ErrorRecord } from '../../core/errors.js';
import type { PageData } from '../page-data.js';

/** Whether a release reads today's state, as `releases.list` has it; `tells` is null until it has answered. */
export interface Reads {
  id: string;
  stateCompatibility: 'yes' | 'with-snapshot' | 'no' | 'unknown';
  stateReason: string;
}

/** Everything the page shows. */
export interface Model {
  /** The last picture that came; null before the first. */
  picture: PageData | null;
  /** Milliseconds: when it came, by this browser's clock. */
  seenAt: number | null;
  /** Since when there has been no answer; null while there is one. */
  lostSince: number | null;
  /** When the next try is made. */
  retryAt: number | null;
  needsToken: boolean;
  reads: Map<string, Reads>;
  /** What came of the last button. */
  notice: { text: string; error: ErrorRecord | null } | null;
  /** What is typed beside Update: the field is made anew more often than it is typed into. */
  spec: string;
  /** The request under way, by the name of its button. */
  asking: string | null;
}

export const model: Model = {
  ...{ picture: null, seenAt: null, lostSince: null, retryAt: null, needsToken: false },
  ...{ reads: new Map(), spec: 'latest', notice: null, asking: null },
};

/** What the buttons do; see `orders.ts`. */
export interface Orders {
  update(spec: string): void;
  rollBack(release: string | null): void;
  switchTo(release: string): void;
  pin(release: string, on: boolean): void;
  hold(hours: number | null): void;
  unhold(): void;
  cancel(): void;
  skipWait(): void;
}
