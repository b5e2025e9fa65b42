import type { UnitChange } from '../adopt/plan.js';
import type { TimerRecord } from '../adopt/timer-unit-record.js';
import type { AbsolutePath, Count, Moment, Name, Sha256 } from '../core/scalars.js';
import type { InstallReport } from '../install/install.js';
import type { Abilities } from '../openclaw/abilities.js';
import type { GatewayProcess } from '../openclaw/handoff.js';
import type { Health } from '../openclaw/health.js';
import type { Instance } from '../openclaw/instance.js';
import type { Plugin } from '../openclaw/plugin.js';
import type { ReleaseNode } from '../registry/node-choice.js';
import type { Resolved } from '../registry/resolve.js';
import type { StatePlace } from '../state/place.js';
import type { LastRestore } from '../state/restore-records.js';
import type { Snapshot, SnapshotScope } from '../state/snapshots.js';
import type { StateVersions } from '../state/versions.js';
import type { RestartReport } from '../supervisor/supervisor.js';
import type { Initiator } from './plan.js';

/** The gateway before the switch: the reference for verification and the target of the undo. */
export interface Baseline {
  state: 'running' | 'waiting' | 'stopped' | 'failed';
  instance: string | null;
  release: string | null;
  health: Health | null;
  /** Absent when the gateway did not tell. */
  abilities?: Abilities;
}

/** Parts of the time from a restart request until ready, in milliseconds and in their order. */
export interface Outage {
  /** Until the old process was gone. */
  stopMs: number;
  /** Until the supervisor had started the next one. */
  startMs: number;
  /** Until that was live: a restore of the state, its modules, and its own pass over its state. */
  loadMs: number;
  /** Until it was ready: its channels and plugins. */
  channelsMs: number;
}

export interface PluginFacts {
  /** Before the release's tools ran. */
  before: Plugin[];
  after?: Plugin[];
  /** sha256 of the configuration after the tools ran; null for none. A later edit is not overwritten by the undo. */
  config?: string | null;
}

export interface DrillFacts {
  /** Milliseconds from the start of the candidate until it was ready. */
  readyMs: number;
  /** Time of the state that it started on. */
  stateAt: Moment;
  /** Snapshot or displaced state that it started on; null for a copy of today's state. */
  kept: Name | null;
}

export interface IdleFacts {
  /** Time of the announcement. */
  announcedAt: Moment;
  /** End of the wait, however busy the gateway is. */
  deadlineAt: Moment;
  /** End of the countdown, null before it begins. */
  restartAt: Moment | null;
  /** Current work at the last sample, a few words each; null if unknown. */
  busy: string[] | null;
  outcome?: 'idle' | 'skipped' | 'deadline' | 'unknown';
  /** Work that was active at the end of the wait and was cut off by the restart. */
  interruptedWork?: string[];
}

/** The gateway takes no new work until its restart. */
export interface DrainFacts {
  /** Name of the lease, by which the gateway is opened again. */
  lease: string;
  /** It was ready before; while it drains it reports the opposite. */
  wasReady: boolean;
  /** Sessions and tasks that ran when it began. */
  named: string[];
  /** Null when the gateway does not tell. */
  process: GatewayProcess | null;
  /** From before it drained. */
  abilities: Abilities;
}

/** Way in which the gateway was told that its end is a restart, and no stop. Turns that it cut off then continue. */
export interface RestartNotice {
  /** Null when it was not told. */
  way: 'handoff' | 'intent' | null;
  /** Reason why it was not told. */
  why?: string;
}

/** The pack that holds the release. */
export interface PackFacts {
  path: AbsolutePath;
  /** Digest of its verified `pack.json`, from which everything that is unpacked follows. */
  sha256: Sha256;
  treeDigest: Sha256;
  files: Count;
  nodeBytes: Count;
}

/** Results of the steps; kept in the ledger, so that recovery knows as much as the process that died. */
export interface Facts {
  /** The release to return to. */
  from: string | null;
  previous: string | null;
  to: string | null;
  resolved?: Resolved;
  runtime?: ReleaseNode;
  runtimeAdded?: boolean;
  alreadyStaged?: boolean;
  /** It takes the place of a damaged release of that id. */
  replaces?: boolean;
  pack?: PackFacts;
  /** Absolute path of the OpenClaw that an adoption found, whose packages it takes. */
  installed?: AbsolutePath;
  /** Absolute path of the lockfile to install from; absent if dependencies are resolved anew. */
  lockfile?: string;
  install?: InstallReport;
  idle?: IdleFacts;
  /** Absent when the gateway cannot drain, or was opened again. */
  drain?: DrainFacts;
  stoppedBy?: Initiator;
  baseline?: Baseline;
  /** The gateway that ran before; absent if none did, or if the kernel does not tell. */
  instance?: Instance;
  restart?: RestartReport;
  restartNotice?: RestartNotice;
  /** Likewise, for the restart of an undo. */
  returnNotice?: RestartNotice;
  /** ISO 8601; the old process may still answer for a while after it. */
  restartRequestedAt?: string;
  /** Milliseconds from the restart request until live: the upper limit of the outage. */
  liveMs?: number;
  /** Milliseconds from the restart request until ready. */
  readyMs?: number;
  /** Likewise in its parts; absent where a start was held up, after a recovery, or where a part is not known. */
  outage?: Outage;
  collected?: string[];
  place?: StatePlace;
  snapshot?: Pick<Snapshot, 'name' | 'files' | 'bytes' | 'at'> & {
    scope: SnapshotScope;
    ms: number;
  };
  /** For a rollback with the state: name and time of the state that it restores. */
  restore?: { from: Name; at: Moment };
  /** Result of the restore that this change caused. */
  stateRestored?: LastRestore;
  /** State versions after the candidate ran on a copy of the state. */
  learned?: StateVersions;
  /** Versions of the databases and the configuration, before the switch and at the commit. */
  versionsBefore?: StateVersions;
  versionsAfter?: StateVersions;
  /** Absent if no plugin is installed. */
  plugins?: PluginFacts;
  drill?: DrillFacts;
  /** The timer that `unadopt` disabled, for its undo. */
  timer?: Pick<TimerRecord, 'host' | 'registry'>;
  /** Files outside the root that `adopt` writes or `unadopt` removes. */
  unitChange?: UnitChange;
  /** Files of an earlier adoption, which the undo writes again. */
  earlierUnitChange?: UnitChange;
}
