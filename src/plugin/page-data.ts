import { hostname } from 'node:os';
import { newestChanges } from '../ledger/ledger.js';
import { currentRelease, previousRelease, readTrial } from '../store/links.js';
import { type Hold, holdOf, readPolicy } from '../store/policy.js';
import { type ChangeDocument, changeDocument } from '../views/change.js';
import { type Expected, expectedUpdate } from '../views/expected-update.js';
import { type ReleaseDocument, releaseDocuments } from '../views/release.js';
import type { PluginApi } from './api.js';
import type { Host } from './host.js';

/** State on disk at one moment; each request reads it again, from small files only. */
export interface PageData {
  at: string;
  gateway: {
    pid: number;
    since: string;
    version: string | null;
    release: string | null;
    host: string;
    node: string;
  };
  /** Path of OpenClaw's own page; null where it is disabled. */
  controlUi: string | null;
  root: string;
  /** True when a launcher of the root started this gateway. */
  adopted: boolean;
  current: string | null;
  previous: string | null;
  trial: string | null;
  hold: Hold | null;
  /** Versions that the timer does not take. */
  skip: string[];
  expected: Expected | null;
  releases: ReleaseDocument[];
  /** The newest change without a verdict. */
  running: ChangeDocument | null;
  changes: ChangeDocument[];
}

/** Records read; an older change without a verdict cannot be, because each change recovers those before it. */
const SHOWN = 30;

export function pictureOf(host: Host, { gateway }: NonNullable<PluginApi['config']> = {}): PageData {
  const { root } = host;
  const [current, previous, trial] = [currentRelease(root), previousRelease(root), readTrial(root)];
  const changes = newestChanges(root, SHOWN);
  const policy = readPolicy(root);
  const open = changes.findLast(({ endedAt }) => endedAt === null);
  return {
    at: new Date().toISOString(),
    gateway: {
      pid: host.pid,
      since: host.since,
      version: host.version,
      release: host.release,
      host: hostname(),
      node: process.versions.node,
    },
    controlUi: gateway?.controlUi?.enabled === false ? null : `${gateway?.controlUi?.basePath ?? ''}/`,
    root: root.path,
    adopted: host.release !== null,
    ...{ current, previous, trial: trial?.id ?? null },
    hold: holdOf(policy),
    skip: policy.schedule?.skip ?? [],
    expected: expectedUpdate(changes),
    releases: releaseDocuments(root, host.release).releases.reverse(),
    running: open ? changeDocument(root, open) : null,
    changes: changes
      .filter(({ endedAt }) => endedAt !== null)
      .reverse()
      .map((change) => changeDocument(root, change)),
  };
}
