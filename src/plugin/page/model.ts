import type { ErrorRecord } from '../../core/errors.js';
import type { TimerStatus } from '../../timer/status.js';
import type { ListedRelease, Listing } from '../../views/releases.js';
import type { PageData } from '../page-data.js';

/** A release's compatibility with today's state, from `releases.list`. */
export type Reads = Pick<ListedRelease, 'id' | 'stateCompatibility' | 'stateReason'>;

export interface Model {
  picture: PageData | null;
  /** Answer of the gateway's `/readyz`; null when unknown. */
  ready: boolean | null;
  /** Time of the last answer, in ms by this browser's clock. */
  seenAt: number | null;
  /** Time in ms since which no answer comes; null while one does. */
  lostSince: number | null;
  /** Time of the next try, in ms. */
  retryAt: number | null;
  needsToken: boolean;
  /** Tokens that the gateway refused. */
  refusals: number;
  reads: Map<string, Reads>;
  proof: Listing['rollback'];
  timer: TimerStatus | null;
  notice: { text: string; error: ErrorRecord | null } | null;
  asking: string | null;
  /** The history leaves changes out that succeeded. */
  onlyFailed: boolean;
}

export const model: Model = {
  ...{ picture: null, ready: null, seenAt: null, lostSince: null, retryAt: null, needsToken: false },
  ...{ refusals: 0, reads: new Map(), proof: null, timer: null, notice: null, asking: null },
  onlyFailed: false,
};

/** True while nothing else can be started. */
export function isBusy({ picture, asking, lostSince }: Model): boolean {
  return picture?.running != null || asking !== null || lostSince !== null;
}

export interface Orders {
  check(): void;
  update(version: string): void;
  /** Updates to one of the published versions. */
  choose(): void;
  skip(version: string, isSkipped: boolean): void;
  /** Hides the offer of a version until tomorrow; null offers it again. */
  later(version: string | null): void;
  filter(onlyFailed: boolean): void;
  rollBack(release: string): void;
  switchTo(release: string): void;
  pin(release: string, on: boolean): void;
  verify(release: string): void;
  remove(release: string): void;
  prune(): void;
  hold(): void;
  unhold(): void;
  cancel(): void;
  restartNow(): void;
}
