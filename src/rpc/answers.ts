import type { FullCollection } from '../change/prune-plan.js';
import type { Held } from '../control/hold.js';
import type { Check, Found } from '../timer/check.js';
import type { TimerStatus } from '../timer/status.js';
import type { PublishedVersions } from '../timer/versions.js';
import type { ChangeDocument } from '../views/change.js';
import type { ListedRelease, Listing } from '../views/releases.js';
import type { Overview } from '../views/status.js';
import type { Verification } from '../views/verification.js';
import type { RunAnswer, StatusAnswer } from './documents.js';

/** The last change of the overview is that of the status. */
export type HostStatus = StatusAnswer & { host: Omit<Overview, 'last'> };

export interface Removal extends FullCollection {
  dryRun: boolean;
}

export interface Pinned {
  release: string;
  pins: string[];
}

/** Answer of each method that did not fail, but for `ok`. `npm run schemas` makes their schemas. */
export interface MethodAnswers {
  'update.run': RunAnswer;
  'update.status': StatusAnswer;
  'releases.list': Listing;
  'releases.show': ListedRelease;
  'releases.status': HostStatus;
  'releases.history': { changes: ChangeDocument[] };
  'releases.timer': TimerStatus;
  'releases.verify': Verification;
  'releases.update': RunAnswer;
  'releases.rollback': RunAnswer;
  'releases.switch': RunAnswer;
  'releases.pin': Pinned;
  'releases.unpin': Pinned;
  'releases.hold': Held;
  'releases.unhold': { hold: null };
  /** `Found` for a named release. */
  'releases.check': Check | Found;
  'releases.versions': PublishedVersions;
  /** All skipped versions. */
  'releases.skip': { skip: string[] };
  'releases.remove': { release: string };
  'releases.prune': Removal;
  'releases.cancel': { change: string; phase: 'requested' };
}
