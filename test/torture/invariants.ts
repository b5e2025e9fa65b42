import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { listenerPids } from '../../src/host/listener.js';
import { commandLineOf, descendsFrom, identify } from '../../src/host/process.js';
import { readLockfile } from '../../src/install/lockfile.js';
import { type Change, listChanges, stepOf } from '../../src/ledger/ledger.js';
import { previousRelease } from '../../src/store/links.js';
import { directoryNames, listReleases, releaseDirectory } from '../../src/store/manifest.js';
import { overview } from '../../src/views/status.js';
import { verifyRelease } from '../../src/views/verification.js';
import { until } from '../support/place.js';
import type { Arena } from './arena.js';
import { describeProcess, processesOf, WATCHER } from './processes.js';

/** Entries that layout/README.md allows in the root at rest. */
const AT_REST = new Set(
  'current previous bin plugin releases runtimes cache staging changes states lockfiles policy.json timer-state.json history.json restore-result.json ballast scrub.json run.sock run.json'.split(
    ' ',
  ),
);

const GONE_WITHIN_MS = 60_000;

/**
 * Checks what must hold after every interruption once any command has run, and answers a sentence for each thing that does not.
 * @param expected the release that must run
 */
export async function brokenInvariants(arena: Arena, expected: string): Promise<string[]> {
  const broken: string[] = [];
  for (const check of [gatewayOf, checkProcesses]) broken.push(...(await check(arena, expected)));
  broken.push(...checkLinks(arena, expected), ...(await damagedReleases(arena)));
  broken.push(...checkRest(arena), ...checkRecords(arena));
  return broken;
}

/** One gateway, ready, the supervisor's own, of the release that is expected. */
export async function gatewayOf(arena: Arena, expected: string): Promise<string[]> {
  const { root, supervisor, world } = arena;
  let seen = '';
  const well = async () => {
    const { gateway, current, trial, running, interrupted, lock } = await overview(root, supervisor);
    const listeners = listenerPids(world.port) ?? [];
    seen = JSON.stringify({ gateway, current, trial, running, interrupted, lock, listeners });
    return (
      gateway?.release === expected &&
      gateway.health.ready &&
      gateway.orphans.length === 0 &&
      listeners.length === 1 &&
      listeners[0] === gateway.pid
    );
  };
  return until('', well, arena.readyWithinMs).then(
    () => [],
    () => [`The gateway of ${expected} is not what runs, alone and ready: ${seen}`],
  );
}

/** Nothing of this world lives but the supervisor, the gateway and the gateway's watcher. */
async function checkProcesses(arena: Arena): Promise<string[]> {
  const { world, supervised, supervisor } = arena;
  let left: number[] = [];
  let watchers = 0;
  const clean = async () => {
    const { pid } = await supervisor.inspect();
    const gateway = pid ?? -1;
    const watches = (other: number) => commandLineOf(other).includes(`${WATCHER} ${gateway} `);
    const found = processesOf(world.path, [supervised.pid]);
    watchers = found.filter(watches).length;
    left = found.filter(
      (other) => other !== supervised.pid && !descendsFrom(other, gateway) && !watches(other),
    );
    return left.length === 0 && watchers === 1;
  };
  return until('', clean, GONE_WITHIN_MS).then(
    () => [],
    () => [`Processes were left behind, and ${watchers} watchers:`, ...left.map(describeProcess)],
  );
}

function checkLinks({ root, proven }: Arena, expected: string): string[] {
  const broken: string[] = [];
  const points = (link: string) =>
    lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(link) : null;
  if (points(root.current) !== `releases/${expected}`)
    broken.push(`current points to ${points(root.current)}, not to releases/${expected}.`);
  const previous = previousRelease(root);
  if (existsSync(root.previous) && points(root.previous) !== `releases/${previous}`)
    broken.push(`previous points to ${points(root.previous)}.`);
  if (previous !== null && !proven.has(previous))
    broken.push(`previous is ${previous}, which was never proven.`);
  return broken;
}

/** Every entry named as a release is one, whole and closed, whether it runs or not: it may be switched to. */
export async function damagedReleases({ root, comparesFiles }: Arena): Promise<string[]> {
  const broken: string[] = [];
  const { releases, unsealed } = listReleases(root);
  for (const id of unsealed) broken.push(`releases/${id} has no valid manifest.`);
  for (const { id } of releases) {
    const { differences } = comparesFiles ? await verifyRelease(root, id) : { differences: [] };
    if (differences.length > 0) broken.push(`${id} is damaged: ${JSON.stringify(differences.slice(0, 5))}`);
    if (lstatSync(releaseDirectory(root, id)).mode & 0o222) broken.push(`${id} can be written.`);
  }
  for (const link of [root.current, root.previous])
    if (lstatSync(link, { throwIfNoEntry: false }) && !existsSync(join(link, 'release.json')))
      broken.push(`${link} leads to no release.`);
  return broken;
}

/** Nothing half done, and no temporary file but of a process that lives. */
function checkRest({ root }: Arena): string[] {
  const broken: string[] = [];
  const expected: [string, Set<string> | null][] = [
    [root.path, AT_REST],
    [root.changes, null],
    [root.bin, null],
    [root.plugin, null],
    [root.lockfiles, null],
  ];
  for (const [directory, names] of expected) {
    for (const name of directoryNames(directory)) {
      const temporary = name.startsWith('.');
      if (temporary ? !isWritten(name) : names !== null && !names.has(name))
        broken.push(`${name} is left in ${directory}.`);
    }
  }
  for (const name of directoryNames(root.staging)) broken.push(`staging/${name} is left.`);
  for (const name of directoryNames(root.lockfiles).filter((name) => !name.startsWith('.')))
    if (readLockfile(join(root.lockfiles, name)).size === 0) broken.push(`lockfiles/${name} lists nothing.`);
  return broken;
}

/** The name of a temporary file has the pid of its writer in it. */
function isWritten(name: string): boolean {
  const pid = /\.(\d+)(-[0-9a-f]+\.tmp)?$/.exec(name)?.[1];
  return pid !== undefined && identify(Number(pid)) !== null;
}

/** Every record can be read and has an end. */
function checkRecords({ root }: Arena): string[] {
  const broken: string[] = [];
  const changes = listChanges(root);
  const files = directoryNames(root.changes).filter((name) => /^[^.].*\.json$/.test(name));
  if (files.length !== changes.length)
    broken.push(`${files.length - changes.length} records cannot be read.`);
  for (const { id, endedAt, status } of changes)
    if (endedAt === null || status === null) broken.push(`${id} has no end.`);
  return broken;
}

/** Contradictions between the record of an interrupted change and its progress at that moment. */
export function untruths(change: Change, atInterruption: Change | null): string[] {
  const verified = change.status === 'package_updated_restart_verified';
  if (change.status === 'rollback_failed')
    return [`${change.id} could not be undone: ${change.undoError?.message}`];
  if (atInterruption === null || atInterruption.endedAt !== null) return [];
  if (verified && !stepOf(atInterruption, 'switch'))
    return [`${change.id} was interrupted before its switch, and went on all the same.`];
  if (!verified && stepOf(atInterruption, 'commit')?.state === 'done')
    return [`${change.id} was proven when it was interrupted, and was undone.`];
  return [];
}
