import { listChanges } from '../../src/ledger/ledger.js';
import { previousRelease } from '../../src/store/links.js';
import { fillDisk } from '../support/filesystem.js';
import type { Arena } from './arena.js';
import type { Attempt, Family } from './attempt.js';
import { diskOf } from './cut.js';
import type { Cycles } from './cycles.js';
import { brokenInvariants, gatewayOf, untruths } from './invariants.js';
import { drawPoint, type Moment, reach, whereIs } from './moment.js';
import { Broken, type Outcome } from './outcome.js';
import { type Random, randomFrom } from './random.js';

/** Exit codes of a change that ended as it should: done, refused, failed before the switch, rolled back. */
const CLEAN_ENDS = [0, 3, 4, 5];

/** A change, and a disk that is full to the last byte from a drawn point on. */
export async function fullRound(arena: Arena, cycles: Cycles, seed: number): Promise<Outcome> {
  const random = randomFrom(seed);
  const family = arena.drawFamily(random);
  const { points } = await cycles.of(arena, family);
  return fillAt(arena, family, drawPoint(points, random), random);
}

/**
 * Fills the disk when a change of the family has come to the moment, and lets it continue. It must end on its own, with
 * one release or the other running; a rollback must work with no byte free; and nothing half done may stay.
 * @throws Broken what does not hold
 */
export async function fillAt(arena: Arena, family: Family, moment: Moment, random: Random): Promise<Outcome> {
  const attempt = arena.prepare(family, random);
  const known = new Set(listChanges(arena.root).map(({ id }) => id));
  arena.journal.push(JSON.stringify({ attempt, moment }));
  const reached = await reach(arena, attempt.args, moment);
  const empty = fillDisk(diskOf(arena).mountPoint);
  try {
    const found = arena.changeTo(attempt.to, known);
    reached.letGo();
    const { exitCode, stdout, json } = await reached.begun.ended;
    arena.journal.push(`${whereIs(found)}: ${JSON.stringify(found)}`, `${exitCode}: ${stdout}`);
    const broken: string[] = [];
    if (!CLEAN_ENDS.includes(exitCode)) broken.push(`It ended with ${exitCode}: ${stdout}`);
    const verified = json?.status === 'package_updated_restart_verified';
    if (verified) arena.proven.add(attempt.to);
    broken.push(...(await gatewayOf(arena, verified ? attempt.to : attempt.before)));
    const expected = await rollBack(arena, attempt, broken);
    empty();
    const recovered = await arena.command('recover');
    if (recovered.exitCode !== 0)
      broken.push(`"recover" ended with ${recovered.exitCode}: ${recovered.stdout}`);
    const change = arena.changeTo(attempt.to, known);
    if (change) broken.push(...untruths(change, null));
    broken.push(...(await brokenInvariants(arena, expected)));
    if (broken.length > 0) throw new Broken(broken);
    const how = json?.change === undefined ? 'refused' : verified ? 'finished' : 'failed';
    return {
      how,
      at: whereIs(found),
      note: `${family}, full from "${'point' in moment ? moment.point : ''}"`,
    };
  } finally {
    empty();
  }
}

/** Rolls back with no byte free, and answers which release must run then. */
async function rollBack(arena: Arena, attempt: Attempt, broken: string[]): Promise<string> {
  const previous = previousRelease(arena.root) ?? attempt.before;
  // Fills the room that the first change gave back as well.
  const empty = fillDisk(diskOf(arena).mountPoint);
  const { exitCode, stdout, json } = await arena.command('rollback', '--yes', ...arena.limits);
  empty();
  const hasNoRoom = !arena.startsOnFullDisk && exitCode === 5 && json?.reason === 'insufficient_space';
  if (exitCode !== 0 && !hasNoRoom)
    broken.push(`"rollback" on a full disk ended with ${exitCode}: ${stdout}`);
  return exitCode === 0 ? previous : arena.running();
}
