import type { UnitChange } from '../adopt/plan.js';
import type { TimerRecord } from '../adopt/timer-unit-record.js';
import type { InstallReport } from '../install/install.js';
import type { Health } from '../openclaw/health.js';
import type { Plugin } from '../openclaw/plugin.js';
import type { Resolved } from '../registry/resolve.js';
import type { RuntimeChoice } from '../registry/runtime.js';
import type { StatePlace } from '../state/place.js';
import type { LastRestore } from '../state/restore-request.js';
import type { KeptState, SnapshotScope } from '../state/snapshots.js';
import type { StateVersions } from '../state/versions.js';
import type { RestartReport } from '../supervisor/supervisor.js';
import type { Asker } from './plan.js';

/** What ran before the switch: what to compare with, and what to return to. */
export interface Baseline {
  state: 'running' | 'waiting' | 'stopped' | 'failed';
  instance: string | null;
  release: string | null;
  health: Health | null;
}

/** The plugins that are installed beside the release. */
export interface PluginFacts {
  /** As the release found them. */
  before: Plugin[];
  /** As they are with it. */
  after?: Plugin[];
  /** sha256 of the configuration as it was left: one that was changed since is not put back. Null for none. */
  config?: string | null;
}

/** How the gateway was given time before its restart. */
export interface IdleFacts {
  /** ISO 8601: since when the restart is announced. */
  announcedAt: string;
  /** ISO 8601: when it is not waited for any more, however busy it is. */
  deadlineAt: string;
  /** ISO 8601: when the countdown ends; null before it begins. */
  restartAt: string | null;
  /** What kept it busy when it was looked at last, a few words each; null where it cannot be told. */
  busy: string[] | null;
  /** How the wait ended; absent while it lasts. */
  outcome?: 'idle' | 'skipped' | 'deadline' | 'unknown';
  /** What was still under way when the wait ended, and was cut off by the restart. */
  interruptedWork?: string[];
}

/** What the steps found out; kept in the ledger, so that `recover` knows as much as the process that died. */
export interface Facts {
  /** The release to return to. */
  from: string | null;
  /** What `previous` named before. */
  previous: string | null;
  to: string | null;
  resolved?: Resolved;
  runtime?: RuntimeChoice;
  /** The runtime was brought by this change. */
  runtimeAdded?: boolean;
  /** The target was sealed before this change. */
  alreadyStaged?: boolean;
  /** Absolute; the lockfile that it is installed from. Absent where its dependencies are looked up. */
  lockfile?: string;
  install?: InstallReport;
  idle?: IdleFacts;
  /** Who had it stopped before its switch. */
  stoppedBy?: Asker;
  baseline?: Baseline;
  restart?: RestartReport;
  /** ISO 8601; the old process may go on answering for a while after it. */
  restartRequestedAt?: string;
  /** Milliseconds from the request to restart until the new process was live: the outage is at most this. */
  liveMs?: number;
  /** Milliseconds from the request to restart until the new process was ready. */
  readyMs?: number;
  collected?: string[];
  /** Where the gateway's state is. */
  place?: StatePlace;
  /** The copy of the state that was kept before the switch. */
  snapshot?: Pick<KeptState, 'name' | 'files' | 'bytes' | 'at'> & {
    scope: SnapshotScope;
    ms: number;
  };
  /** A rollback that takes the state along: the kept state that it puts back, and since when the newer one is newer. */
  restore?: { from: string; at: string };
  /** What became of the state when the change went back, or when it went back by this change. */
  stateRestored?: LastRestore;
  /** What the target made of a copy of the state when it was tried on one. */
  learned?: StateVersions;
  /** The versions of the databases and of the configuration before the switch, and once the target was proven. */
  versionsBefore?: StateVersions;
  versionsAfter?: StateVersions;
  /** What became of the plugins; absent where none is installed. */
  plugins?: PluginFacts;
  /** The timer that leaving disabled, for undoing it. */
  timer?: Pick<TimerRecord, 'host' | 'registry'>;
  /** What adopting writes outside of the root, or what leaving took away. */
  unitChange?: UnitChange;
  /** What an earlier adoption had written there, which is what undoing returns to. */
  earlierUnitChange?: UnitChange;
}
