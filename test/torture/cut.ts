import { syncFilesystem } from '../../src/host/sync.js';
import { type Change, listChanges } from '../../src/ledger/ledger.js';
import type { Filesystem } from '../support/filesystem.js';
import type { Arena } from './arena.js';
import { BOOTS, boot, replay } from './boot.js';
import { type Cycle, type Cycles, pointsOf } from './cycles.js';
import { brokenInvariants, untruths } from './invariants.js';
import { drawPoint, drawTime, type Moment, pause, reach, whereIs } from './moment.js';
import { Broken, type Outcome } from './outcome.js';
import { endProcesses } from './processes.js';
import { between, pickWeighted, type Random, randomFrom } from './random.js';

/** Size that an update wants to be free; nearly all of it is a hole. */
export const DISK_MEBIBYTES = 2048;

/** Nothing of the world waits for the disk then. The library covers fsync, fdatasync and syncfs. */
export const WITHOUT_FSYNC = { LD_PRELOAD: 'libeatmydata.so' };

/** The steps that decide what is there after a power cut. */
export const DECISIVE = ['seal', 'snapshot', 'switch', 'commit'] as const;

/** Cuts by the clock within the cycle, or a while after its end; the others fall at points of the decisive steps. */
const HOW = { time: 4, late: 1, point: 0 };
/** Cuts where nothing is flushed by order: they do damage when names are on disk and data is not yet. */
const HOW_WITHOUT_FSYNC = { time: 2, late: 5, point: 3 };

/** The journal is committed once a second, data not for half a minute. */
const LATE_MS = 3_000;
const HELD_MS = 1_300;

/**
 * One change and a power cut in its midst: nothing more reaches the disk, everything dies, and the machine starts
 * again with what is there.
 * @throws Broken what does not hold then
 */
export async function cutRound(arena: Arena, cycles: Cycles, seed: number): Promise<Outcome> {
  const random = randomFrom(seed);
  const disk = diskOf(arena);
  const flushed = arena.world.env.LD_PRELOAD === undefined;
  // Every other round, so that their share is sure.
  const decisive = flushed && seed % 2 === 0;
  const how = decisive ? 'point' : pickWeighted(random, flushed ? HOW : HOW_WITHOUT_FSYNC);
  let family = arena.drawFamily(random);
  while (how === 'point' && family === 'fails the probe') family = arena.drawFamily(random);
  const cycle = await cycles.of(arena, family);
  const moment = drawMoment(how, cycle, random);
  const heldMs = how === 'point' ? Math.max(0, between(random, -HELD_MS, HELD_MS)) : 0;
  const first = pickWeighted(random, BOOTS);
  const attempt = arena.prepare(family, random);
  const known = new Set(listChanges(arena.root).map(({ id }) => id));
  arena.journal.push(JSON.stringify({ attempt, moment, heldMs, first }));
  // Earlier state is not in question, and an arena without fsync would never have written it.
  if (!flushed) await syncFilesystem(disk.mountPoint);

  const reached = await reach(arena, attempt.args, moment);
  await pause(heldMs);
  const seen = arena.changeTo(attempt.to, known);
  const answered = reached.answered;
  disk.cut();
  await endProcesses(arena.world.path, [arena.supervised.pid, reached.begun.pid]);
  reached.letGo();
  const answer = answered ? await reached.begun.ended : null;
  arena.journal.push(`${whereIs(seen)}: ${JSON.stringify(seen)}`, `${answer?.exitCode}: ${answer?.stdout}`);

  const broken = await replay(disk);
  const found = arena.changeTo(attempt.to, known);
  arena.journal.push(`on disk: ${JSON.stringify(found)}`);
  broken.push(...(await boot(arena, disk, first, random)));

  const change = arena.changeTo(attempt.to, known);
  const verified = change?.status === 'package_updated_restart_verified';
  const promised = answer?.json?.status === 'package_updated_restart_verified';
  if (verified || promised) arena.proven.add(attempt.to);
  if (change) broken.push(...untruths(change, found));
  broken.push(...(await brokenInvariants(arena, verified || promised ? attempt.to : attempt.before)));
  if (broken.length > 0) throw new Broken(broken);
  return {
    how: outcomeOf(change, found),
    at: whereIs(seen),
    note: `${family}, cut by ${how}, then ${first}`,
  };
}

export function diskOf({ disk }: Arena): Filesystem {
  if (disk) return disk;
  throw new Error('The root of this arena has no filesystem of its own.');
}

function drawMoment(how: keyof typeof HOW, cycle: Cycle, random: Random): Moment {
  if (how === 'point') return drawPoint(pointsOf(cycle, DECISIVE), random);
  return how === 'late' ? { afterMs: cycle.ms + between(random, 0, LATE_MS) } : drawTime(cycle, random);
}

function outcomeOf(change: Change | null, found: Change | null): Outcome['how'] {
  if (change === null) return 'never begun';
  const verified = change.status === 'package_updated_restart_verified';
  if (found?.endedAt) return verified ? 'finished' : 'failed';
  return verified ? 'resumed' : 'undone';
}
