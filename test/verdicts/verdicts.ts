import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { table } from '../../src/cli/table.js';
import type { ErrorCode, ErrorRecord } from '../../src/core/errors.js';
import { type ChangeStatus, listChanges, saveChange } from '../../src/ledger/ledger.js';
import { type Root, rootAt } from '../../src/store/root.js';
import type { AtEnd } from '../support/place.js';
import type { Answer } from '../support/world.js';
import { between, pickWeighted, randomFrom } from '../torture/random.js';
import { canLimitDisk, makePressure, type Pressure } from './pressure.js';

/** Hosts, and how often each comes. */
const HOSTS = { 'little processor': 4, 'slow disk': canLimitDisk() ? 3 : 0, busy: 3, swapping: 3 };
type Host = keyof typeof HOSTS;

const LOOPS = 3;

const KEPT: ChangeStatus = 'package_updated_restart_verified';

/** Release of an update: how often it comes, and the verdict that it deserves. */
export interface Deserved {
  weight: number;
  /** Error that names its fault; null for a good release, which must be kept. */
  fault: ErrorCode | null;
}

/** A kind of gateway that is updated, and the releases that it is updated to. */
export interface Subject {
  releases: Record<string, Deserved>;
  /** Shares of a processor, of a disk or of time that a host has, from least to most. */
  shares: { busy: [number, number]; others: [number, number] };
  /** Bytes a second of a whole disk. */
  disk: number;
  /** @param onSupervisor called with the pid of the supervisor, whose processes get the limits of the host */
  start(atEnd: AtEnd, onSupervisor: (pid: number) => void): Promise<Gateway>;
}

/** A gateway that runs, with its supervisor. */
export interface Gateway {
  root: string;
  /** Stages a release; answers its directory, and the change to it with the answer of the command. */
  prepare(release: string): Promise<{ directory: string; change: () => Promise<Answer['json']> }>;
}

/** One update on one host, and whether its verdict is what the release deserves. */
export interface Verdict {
  host: Host;
  share: number;
  release: string;
  status: ChangeStatus | 'no change';
  /** Seconds from the restart until the verdict. */
  seconds: number;
  error: ErrorRecord | null;
  /** Warnings of the change: a start that the host held up is one. */
  warnings: string[];
  isDeserved: boolean;
}

/** Host and release of an update. */
export type Case = Pick<Verdict, 'host' | 'share' | 'release'>;

export interface Hosts {
  update(one: Case): Promise<Verdict>;
}

/** The case of a seed. */
export function drawCase({ releases, shares }: Subject, seed: number): Case {
  const random = randomFrom(seed);
  const host = pickWeighted(random, HOSTS);
  const weights = Object.fromEntries(Object.entries(releases).map(([key, { weight }]) => [key, weight]));
  const release = pickWeighted(random, weights);
  return { host, release, share: between(random, ...shares[host === 'busy' ? 'busy' : 'others']) };
}

/** A gateway that is updated again and again, each time on a host of another kind. */
export async function makeHosts(subject: Subject, name: string, atEnd: AtEnd): Promise<Hosts> {
  const pressure = makePressure(name);
  atEnd(() => pressure.remove());
  const gateway = await subject.start(atEnd, (pid) => pressure.add(pid));
  const update = async ({ host, share, release }: Case): Promise<Verdict> => {
    const { directory, change } = await gateway.prepare(release);
    forgetStarts(rootAt(gateway.root));
    const disk = share * subject.disk;
    const { json, seconds } = await under(pressure, { host, share, disk, directory }, () => timed(change));
    // A command that is refused prints its error alone.
    const { status = 'no change', error = null, warnings = [] } = json;
    const { fault } = subject.releases[release] as Deserved;
    // An update that was refused, or rolled back for another reason, proves nothing.
    const isDeserved = fault === null ? status === KEPT : status === 'rolled_back' && error?.code === fault;
    return { host, share, release, status, seconds, error, warnings, isDeserved };
  };
  return { update };
}

/** Slow starts on record would give the next one more time; a host may be slow for the first time. */
function forgetStarts(root: Root): void {
  for (const change of listChanges(root)) {
    delete change.facts.readyMs;
    saveChange(root, change);
  }
}

async function timed(change: () => Promise<Answer['json']>) {
  const begun = performance.now();
  const json = await change();
  return { json, seconds: Math.round((performance.now() - begun) / 100) / 10 };
}

async function under<T>(
  pressure: Pressure,
  { host, share, disk, directory }: { host: Host; share: number; disk: number; directory: string },
  work: () => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const loops: ChildProcess[] = [];
  let held: Promise<void> | null = null;
  if (host === 'swapping') held = pressure.holdUp(share, over.signal);
  else if (host === 'slow disk') {
    forget(directory);
    pressure.limitDisk(directory, Math.round(disk));
  } else pressure.limit(share);
  if (host === 'busy')
    for (let n = 0; n < LOOPS; n++) {
      const loop = spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
      loops.push(loop);
      pressure.add(loop.pid ?? -1);
    }
  try {
    return await work();
  } finally {
    over.abort();
    await held;
    for (const loop of loops) loop.kill('SIGKILL');
    pressure.limit(1);
    if (host === 'slow disk') pressure.limitDisk(directory, null);
  }
}

/** Makes the kernel read the files of a directory from the disk again: those that it has in memory. */
function forget(directory: string): void {
  const inMemory =
    'find "$0" -type f -print0 | xargs -0 fincore -n -o PAGES,FILE | sed -n \'s/^ *[1-9][0-9]* //p\'';
  const each = "tr '\\n' '\\0' | xargs -0 -I{} dd if={} iflag=nocache count=0 status=none";
  execFileSync('sh', ['-c', `sync "$0" && ${inMemory} | ${each}`, directory]);
}

/** Verdicts that a release did not deserve, and the distribution of all of them. */
export function summary({ releases }: Subject, verdicts: readonly Verdict[]): string {
  const rows = [['host', 'release', 'updates', 'kept', 'rolled back', 'median', 'longest']];
  for (const host of Object.keys(HOSTS))
    for (const release of Object.keys(releases)) {
      const some = verdicts.filter((one) => one.host === host && one.release === release);
      const seconds = some.map((one) => one.seconds).sort((a, b) => a - b);
      const kept = some.filter(({ status }) => status === KEPT).length;
      if (some.length === 0) continue;
      const times = [seconds[Math.floor(seconds.length / 2)], seconds.at(-1)].map((s) => `${s} s`);
      rows.push([host, release, String(some.length), String(kept), String(some.length - kept), ...times]);
    }
  return table(rows);
}

export const wrong = (verdicts: readonly Verdict[]) => verdicts.filter(({ isDeserved }) => !isDeserved);

export function tell({ host, share, release, status, seconds, error, warnings }: Verdict): string {
  const why = [...(error ? [`${error.code}: ${error.message}`] : []), ...warnings].join(' ');
  return `${host} (${Math.round(share * 100)} %), ${release}: ${status} after ${seconds} s${why && `: ${why}`}`;
}
