import type { ErrorRecord } from '../core/errors.js';
import { type Change, isActive, listChanges, type StepRecord } from '../ledger/ledger.js';
import { currentRelease, previousRelease, readTrial } from '../store/links.js';
import { listReleases } from '../store/manifest.js';
import { type Hold, holdOf, quarantineOf, readPolicy } from '../store/policy.js';
import type { Host } from './host.js';

/** A change without the paths of the gateway's state and without its configuration. */
export interface ChangePicture {
  id: string;
  kind: string;
  target: string;
  initiator: string;
  from: string | null;
  to: string | null;
  startedAt: string;
  endedAt: string | null;
  /** The verdict; without one `running` while the owner lives, `interrupted` when it died. */
  status: string;
  steps: Pick<StepRecord, 'name' | 'state' | 'startedAt' | 'ms' | 'note'>[];
  idle: Change['facts']['idle'] | null;
  restartRequestedAt: string | null;
  /** Milliseconds; upper bound of the outage. */
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
  /** ISO 8601 time of its failure here, or null. */
  quarantinedAt: string | null;
}

/** State on disk at one moment; each request reads it again, from small files only. */
export interface PageData {
  /** ISO 8601. */
  at: string;
  gateway: { pid: number; since: string; version: string | null; release: string | null };
  root: string;
  /** True when a launcher of the root started this gateway. */
  adopted: boolean;
  current: string | null;
  previous: string | null;
  trial: string | null;
  hold: Hold | null;
  releases: ReleasePicture[];
  /** The newest change without a verdict. */
  running: ChangePicture | null;
  /** Newest first. */
  changes: ChangePicture[];
}

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
