import type { ErrorRecord } from '../core/errors.js';
import { type Change, isActive, listChanges, type StepRecord } from '../ledger/ledger.js';
import { currentRelease, previousRelease, readTrial } from '../store/links.js';
import { listReleases } from '../store/manifest.js';
import { type Hold, holdOf, quarantineOf, readPolicy } from '../store/policy.js';
import type { Host } from './host.js';

/** A change as the page shows it: nothing of where the gateway's state is, and nothing of its configuration. */
export interface ChangePicture {
  id: string;
  kind: string;
  target: string;
  initiator: string;
  from: string | null;
  to: string | null;
  startedAt: string;
  endedAt: string | null;
  /** The verdict; `running` only while a process makes it, `interrupted` when none does and none has said how it ended. */
  status: string;
  steps: Pick<StepRecord, 'name' | 'state' | 'startedAt' | 'ms' | 'note'>[];
  idle: Change['facts']['idle'] | null;
  restartRequestedAt: string | null;
  /** Milliseconds; the outage is at most this. */
  outageMs: number | null;
  readyMs: number | null;
  stageMs: number | null;
  error: ErrorRecord | null;
  undoError: ErrorRecord | null;
  warnings: string[];
  recovery: Change['recovery'] | null;
}

export interface ReleasePicture {
  id: string;
  version: string;
  bytes: number;
  sealedAt: string;
  node: string;
  marks: string[];
  /** ISO 8601: since when it failed here, or null. */
  quarantinedAt: string | null;
}

/** What is on disk at one moment: read anew each time, by nothing but small files. */
export interface PageData {
  /** ISO 8601. */
  at: string;
  /** This process; another one after a restart. */
  gateway: { pid: number; since: string; version: string | null; release: string | null };
  root: string;
  /** Whether a launcher of the root started this gateway. */
  adopted: boolean;
  current: string | null;
  previous: string | null;
  trial: string | null;
  hold: Hold | null;
  releases: ReleasePicture[];
  /** The change that has no verdict yet. */
  running: ChangePicture | null;
  /** Newest first. */
  changes: ChangePicture[];
}

/** So many are shown; `openclaw-releases history` has all of them. */
const SHOWN = 30;

export function pictureOf(host: Host): PageData {
  const { root } = host;
  const policy = readPolicy(root);
  const [current, previous, trial] = [currentRelease(root), previousRelease(root), readTrial(root)];
  const changes = listChanges(root);
  const open = changes.findLast(({ endedAt }) => endedAt === null);
  const marks = (id: string) =>
    Object.entries({
      running: host.release === id,
      current: current === id,
      previous: previous === id,
      trial: trial?.id === id,
      pinned: policy.pins.includes(id),
      quarantined: quarantineOf(policy, id) !== null,
    }).flatMap(([mark, is]) => (is ? [mark] : []));
  return {
    at: new Date().toISOString(),
    gateway: { pid: host.pid, since: host.since, version: host.version, release: host.release },
    root: root.path,
    adopted: host.release !== null,
    ...{ current, previous, trial: trial?.id ?? null },
    hold: holdOf(policy),
    releases: listReleases(root)
      .releases.reverse()
      .map(({ id, version, bytes, sealedAt, runtime }) => ({
        ...{ id, version, bytes, sealedAt },
        node: runtime.version,
        marks: marks(id),
        quarantinedAt: quarantineOf(policy, id)?.at ?? null,
      })),
    running: open ? changePicture(open) : null,
    changes: changes
      .filter(({ endedAt }) => endedAt !== null)
      .slice(-SHOWN)
      .reverse()
      .map(changePicture),
  };
}

export function changePicture(change: Change): ChangePicture {
  const { id, plan, facts, steps, startedAt, endedAt, error, undoError, warnings } = change;
  return {
    ...{ id, kind: plan.kind, target: plan.target, initiator: plan.initiator ?? 'person' },
    ...{ from: facts.from, to: facts.to, startedAt, endedAt },
    status: change.status ?? (isActive(change) ? 'running' : 'interrupted'),
    steps: steps.map(({ name, state, startedAt: began, ms, note }) => ({
      ...{ name, state, startedAt: began },
      ...(ms !== undefined && { ms }),
      ...(note !== undefined && { note }),
    })),
    idle: facts.idle ?? null,
    restartRequestedAt: facts.restartRequestedAt ?? null,
    outageMs: facts.liveMs ?? null,
    readyMs: facts.readyMs ?? null,
    stageMs: steps.find(({ name }) => name === 'stage')?.ms ?? null,
    ...{ error, undoError, warnings },
    recovery: change.recovery ?? null,
  };
}
