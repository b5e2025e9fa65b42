import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { table } from '../../src/cli/table.js';
import type { Behaviour } from '../registry/gateway-package.js';
import type { AtEnd } from '../support/place.js';
import { makeWorld, type World } from '../support/world.js';
import { between, pickWeighted, type Random, randomFrom } from '../torture/random.js';
import { canLimitDisk, makePressure, type Pressure } from './pressure.js';

/** Hosts, and how often each comes. */
const HOSTS = { 'little processor': 4, 'slow disk': canLimitDisk() ? 3 : 0, busy: 3, swapping: 3 };
type Host = keyof typeof HOSTS;

const RELEASES: Record<string, { weight: number; good: boolean; behaviour: Behaviour }> = {
  good: { weight: 5, good: true, behaviour: {} },
  'good, slow': { weight: 3, good: true, behaviour: { slowStartMs: 1_500 } },
  'crashes at start': { weight: 1, good: false, behaviour: { crashAtStart: true } },
  'crashes soon': { weight: 1, good: false, behaviour: { crashAfterMs: 100 } },
  'never ready': { weight: 1, good: false, behaviour: { neverReady: true } },
  'another version': { weight: 1, good: false, behaviour: { answersVersion: '2026.1.1' } },
};

/** A thirtieth of the usual limits, also on a slow machine: a slow one is what this is about. */
const LIMITS = ['--ready-timeout', '2', '--settle', '2'];
const LOOPS = 3;
/** Bytes a second of a disk that reads a miniature release in a third of a second. */
const DISK = 1 << 20;

/** One update on one host, and whether its verdict is what the release deserves. */
export interface Verdict {
  host: Host;
  share: number;
  release: string;
  good: boolean;
  kept: boolean;
  /** Seconds from the restart until the verdict. */
  seconds: number;
  error: string | null;
}

/** Host and release of an update. */
export type Case = Pick<Verdict, 'host' | 'share' | 'release'>;

export interface Hosts {
  update(one: Case): Promise<Verdict>;
}

/** The case of a seed. */
export function drawCase(seed: number): Case {
  const random = randomFrom(seed);
  const host = pickWeighted(random, HOSTS);
  const weights = Object.fromEntries(Object.entries(RELEASES).map(([key, { weight }]) => [key, weight]));
  return { host, release: pickWeighted(random, weights), share: shareOf(host, random) };
}

/** A gateway that is updated again and again, each time on a host of another kind. */
export async function makeHosts(name: string, atEnd: AtEnd): Promise<Hosts> {
  const world = await makeWorld(atEnd);
  world.publish('2026.6.1');
  const pressure = makePressure(name);
  atEnd(() => pressure.remove());
  await world.ok('stage', '2026.6.1');
  await world.ok('switch', '2026.6.1', '--no-restart');
  const supervised = await world.supervise('--stop-timeout', '2');
  atEnd(async () => {
    supervised.kill('SIGTERM');
    await supervised.ended;
  });
  pressure.add(supervised.pid);
  let published = 1;
  const update = async ({ host, share, release }: Case): Promise<Verdict> => {
    const { good = false, behaviour = {} } = RELEASES[release] ?? {};
    const version = `2026.6.${++published}`;
    world.publish(version, behaviour);
    await world.ok('stage', version);
    // Slow starts on record would give this one more time; a host may be slow for the first time.
    rmSync(join(world.root, 'changes'), { recursive: true });
    const directory = join(world.root, 'releases', version);
    const { json, seconds } = await under(pressure, { host, share, directory }, () =>
      switchTo(world, version),
    );
    const kept = json.status === 'package_updated_restart_verified';
    return { host, share, release, good, kept, seconds, error: json.error?.message ?? null };
  };
  return { update };
}

/** The slowest take twenty seconds for what takes a third of one. */
function shareOf(host: Host, random: Random): number {
  return host === 'busy' ? between(random, 0.15, 0.5) : between(random, 0.02, 0.15);
}

async function switchTo(world: World, version: string) {
  const begun = performance.now();
  const { json } = await world.cli('switch', version, ...LIMITS);
  return { json, seconds: Math.round((performance.now() - begun) / 100) / 10 };
}

async function under<T>(
  pressure: Pressure,
  { host, share, directory }: { host: Host; share: number; directory: string },
  work: () => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const loops: ChildProcess[] = [];
  let held: Promise<void> | null = null;
  if (host === 'swapping') held = pressure.holdUp(share, over.signal);
  else if (host === 'slow disk') {
    forget(directory);
    pressure.limitDisk(directory, Math.round(share * DISK));
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

/** Makes the kernel read the files of a directory from the disk again. */
function forget(directory: string): void {
  const each = 'sync "$0" && find "$0" -type f -exec dd if={} iflag=nocache count=0 status=none \\;';
  execFileSync('sh', ['-c', each, directory]);
}

/** Verdicts that a release did not deserve, and the distribution of all of them. */
export function summary(verdicts: readonly Verdict[]): string {
  const rows = [['host', 'release', 'updates', 'kept', 'rolled back', 'median', 'longest']];
  for (const host of Object.keys(HOSTS))
    for (const [release] of Object.entries(RELEASES)) {
      const some = verdicts.filter((one) => one.host === host && one.release === release);
      const seconds = some.map((one) => one.seconds).sort((a, b) => a - b);
      const kept = some.filter((one) => one.kept).length;
      if (some.length === 0) continue;
      const times = [seconds[Math.floor(seconds.length / 2)], seconds.at(-1)].map((s) => `${s} s`);
      rows.push([host, release, String(some.length), String(kept), String(some.length - kept), ...times]);
    }
  return table(rows);
}

export const wrong = (verdicts: readonly Verdict[]) => verdicts.filter(({ good, kept }) => good !== kept);

export function tell({ host, share, release, kept, seconds, error }: Verdict): string {
  return `${host} (${Math.round(share * 100)} %), ${release}: ${kept ? 'kept' : 'rolled back'} after ${seconds} s${error ? `: ${error}` : ''}`;
}
