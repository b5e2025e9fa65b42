import type { Install } from '../adopt/install.js';
import type { OtherSupervisor } from '../adopt/other-supervisor.js';
import type { FilesChange } from '../adopt/supervisor-files-record.js';
import type { TimerPlan } from '../adopt/timer-unit-plan.js';
import type { Host } from '../adopt/timer-unit-record.js';
import type { SwitchFinding } from '../change/switch-finding.js';
import type { ErrorRecord } from '../core/errors.js';
import type { Corrupt } from '../core/record.js';
import type { PlannedFile } from '../host/written.js';
import type { Imported } from '../install/import-lockfile.js';
import type { PastLine } from '../ledger/history.js';
import type { Plan } from '../ledger/plan.js';
import type { Pack } from '../pack/pack.js';
import type { Signer } from '../pack/signers.js';
import type { MethodAnswers, Removal } from '../rpc/answers.js';
import type { Hold, Share, Signatures } from '../store/policy.js';
import type { Repair } from '../store/repair.js';
import type { Schedule } from '../store/schedule.js';
import type { TimerStateFile } from '../store/timer-state.js';
import type { YankedList } from '../store/yanked.js';
import type { Check } from '../timer/check.js';
import type { Decision } from '../timer/rules/decision.js';
import type { TimerStatus } from '../timer/status.js';
import type { AdoptionView } from '../views/adoption.js';
import type { ChangeDocument } from '../views/change.js';
import type { Difference } from '../views/diff.js';
import type { Diagnosis } from '../views/doctor.js';
import type { ListedRelease, Listing } from '../views/releases.js';
import type { Report } from '../views/report.js';
import type { ForReal } from '../views/rollback-proof.js';
import type { ScrubOverview } from '../views/scrub.js';
import type { Overview } from '../views/status.js';
import type { Verification } from '../views/verification.js';
import type { Why } from '../views/why.js';

/** Answer of `--dry-run`: only steps that read have run. */
export interface ChangePreview extends Pick<ChangeDocument, 'from' | 'to' | 'steps'> {
  dryRun: true;
  plan: Plan;
  /** Consequences for this host; empty where nothing would be switched. */
  findings: SwitchFinding[];
}

type ChangeAnswer = ChangeDocument | ChangePreview;

export interface AdoptionPreview {
  dryRun: true;
  install: Pick<Install, 'packageRoot' | 'version' | 'node'>;
  service: AdoptionView;
  writes: PlannedFile[];
}

/** Lines of another supervisor's files to change. */
export interface OtherSupervisorPreview {
  dryRun: true;
  supervisor: OtherSupervisor;
  version: string | null;
}

export interface SetupAnswer {
  dryRun: boolean;
  found: string;
  /** Steps that are left, as the end of a sentence. */
  steps: string[];
  changes: ChangeDocument[];
  /** Commands to type next. */
  next: string[];
}

export interface HistoryAnswer {
  /** Lines of changes whose records are not kept; oldest first, as `changes`. */
  older: PastLine[];
  changes: ChangeDocument[];
  corrupt: Corrupt[];
}

export interface ScrubAnswer extends Pick<ScrubOverview, 'oldestAt' | 'damaged'> {
  /** Paths below the root of what was compared to its end; `records` stands for all records. */
  compared: string[];
  /** Paths that are left for the next scrub. */
  left: string[];
  error?: ErrorRecord;
}

/** `pack` is what `pack.json` says. */
export interface PackAnswer {
  path: string;
  bytes: number;
  sha256: string;
  pack: Pack;
}

/** Answer of `--for-real`. */
export interface ForRealAnswer extends Pick<ForReal, 'thereMs' | 'backMs'> {
  /** The release that is current at the end. */
  stands: string | null;
  there: ChangeDocument;
  /** Null where the older release did not run. */
  back: ChangeDocument | null;
  /** Error of the change that failed. */
  error?: ErrorRecord;
}

export interface TimerPreview extends TimerPlan {
  dryRun: true;
  /** Only those that would be set. */
  settings: { [K in keyof Schedule]: Schedule[K] | undefined };
}

export interface EnabledTimer extends TimerStatus {
  warnings: string[];
}

export interface TimerExplanation
  extends Pick<TimerStatus, 'settings' | 'channelFrom' | 'notes' | 'blockedBy'> {
  decision: Decision;
  registry: {
    /** False: the last answer is known, and no new one was needed. */
    asked: boolean;
    known: TimerStateFile['registry'];
    trouble: TimerStateFile['trouble'];
  };
  announced: TimerStateFile['announced'];
  stopped: TimerStateFile['stopped'];
}

export interface UninstallAnswer {
  dryRun: boolean;
  steps: string[];
  /** Paths that stay. */
  left?: string[];
  next: string[];
}

/** Document of each command with `--json`, by its words, and of each method. `npm run schemas` makes their schemas. */
export interface Answers extends MethodAnswers {
  setup: SetupAnswer;
  stage: ChangeAnswer;
  update: ChangeAnswer;
  switch: ChangeAnswer;
  rollback: ChangeAnswer;
  drill: ChangeAnswer | ForRealAnswer;
  adopt: ChangeDocument | AdoptionPreview | OtherSupervisorPreview | FilesChange;
  unadopt: ChangeDocument | FilesChange;
  check: Check;
  list: Listing;
  show: ListedRelease;
  /** A change with `--follow`. */
  status: Overview | ChangeDocument;
  /** A change, or its line, where one is named. */
  history: HistoryAnswer | ChangeDocument | PastLine;
  cancel: ChangeDocument;
  'restart-now': { change: string };
  verify: Verification;
  scrub: ScrubAnswer;
  pack: PackAnswer;
  import: ChangeAnswer;
  signers: { policy: Signatures; signers: Signer[] };
  yanked: { list: YankedList | null; expired: boolean; warnings: string[] };
  'lockfile import': Imported;
  diff: Difference;
  why: Why;
  remove: Removal;
  prune: Removal;
  /** `bytes` is null without a limit. */
  retention: { retention: { releases: number; bytes: number | null; leaveFree: number; share: Share } };
  pin: { release: string; pins: string[] };
  unpin: { release: string; pins: string[] };
  notify: { target: string | null; tested: boolean } | { sent: number };
  /** `stopped` is the change of the timer that was ended. */
  hold: { hold: Hold; stopped: string | null };
  unhold: { hold: null };
  'timer enable': EnabledTimer | TimerPreview;
  'timer disable': { enabled: false; was: Host | null };
  'timer status': TimerStatus;
  'timer explain': TimerExplanation;
  'timer run': {
    decision: Pick<Decision, 'verdict' | 'version' | 'reason' | 'until' | 'rule'>;
    changes: ChangeDocument[];
  };
  recover: { recovered: ChangeDocument[]; repaired: Repair[] };
  /** Time of its end. */
  run: { exitCode: number };
  /** `follow` is the command that follows the log. */
  logs: { lines: string[]; follow: string | null };
  report: { report: Report } | { path: string };
  uninstall: UninstallAnswer | ChangeDocument;
  doctor: { findings: Diagnosis['findings']; gateways: Diagnosis['others'] };
}
