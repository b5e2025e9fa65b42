import type { Change } from '../../src/ledger/ledger.js';
import { listChanges } from '../../src/ledger/ledger.js';
import type { Arena } from './arena.js';
import type { Attempt } from './attempt.js';
import { type Cycles, pointsByStep } from './cycles.js';
import { brokenInvariants, untruths } from './invariants.js';
import { drawPoint, drawTime, RECOVERY_POINTS, reach, whereIs } from './moment.js';
import { Broken, type Outcome } from './outcome.js';
import { sendKill } from './processes.js';
import { pick, pickWeighted, randomFrom } from './random.js';

const VICTIMS = { changer: 6, gateway: 2, both: 2 };

/** Command that a person, or a timer, types next, without knowing of anything. */
const NEXT = { recover: 4, 'pin, recover': 2, update: 2, 'status, recover': 2 };

/** Rounds in which recovery is killed as well. */
const AGAIN_SHARE = 0.3;

/** Points name moments that no clock would hit, in each step alike: a quarter of the rounds goes to them. */
const HOW = { time: 3, point: 1 };

/**
 * One change, and the death of the process that makes it, of the gateway, or of both, in its midst; then the next
 * command, and everything must hold.
 * @throws Broken what does not
 */
export async function killRound(arena: Arena, cycles: Cycles, seed: number): Promise<Outcome> {
  const random = randomFrom(seed);
  const family = arena.drawFamily(random);
  const how = pickWeighted(random, HOW);
  const victim = pickWeighted(random, VICTIMS);
  const next = pickWeighted(random, NEXT);
  const cycle = await cycles.of(arena, family);
  const moment =
    how === 'time' ? drawTime(cycle, random) : drawPoint(pick(random, pointsByStep(cycle)), random);
  const again = random() < AGAIN_SHARE ? pick(random, RECOVERY_POINTS) : null;
  const attempt = arena.prepare(family, random);
  const known = new Set(listChanges(arena.root).map(({ id }) => id));
  arena.journal.push(JSON.stringify({ attempt, moment, victim, again, next }));

  const reached = await reach(arena, attempt.args, moment);
  const { pid: gateway } = await arena.supervisor.inspect();
  if (victim !== 'gateway') reached.begun.kill('SIGKILL');
  if (victim !== 'changer') sendKill(gateway);
  const found = arena.changeTo(attempt.to, known);
  reached.letGo();
  const answer = await reached.begun.ended;
  arena.journal.push(`${whereIs(found)}: ${JSON.stringify(found)}`, `${answer.exitCode}: ${answer.stdout}`);

  if (again !== null) {
    const { ended } = arena.world.begin(['recover'], { OPENCLAW_RELEASES_FAULT: `kill ${again}` });
    const { exitCode, stdout } = await ended;
    arena.journal.push(`recover, killed ${again}: ${exitCode}: ${stdout}`);
  }
  const expected = await continueWith(arena, next, attempt, known);
  const change = arena.changeTo(attempt.to, known);
  // The change continued if only the gateway died.
  const broken = change ? untruths(change, victim === 'gateway' ? null : found) : [];
  broken.push(...(await brokenInvariants(arena, expected)));
  if (broken.length > 0) throw new Broken(broken);
  return {
    how: outcomeOf(change, found, answer.exitCode),
    at: whereIs(found),
    note: `${family}, ${victim} killed by ${how}, ${again === null ? '' : `recover killed ${again}, `}then ${next}`,
  };
}

/** Types the next command, and answers which release must run after it. */
async function continueWith(
  arena: Arena,
  next: keyof typeof NEXT,
  attempt: Attempt,
  known: ReadonlySet<string>,
): Promise<string> {
  const update = next === 'update' ? arena.publishNext() : null;
  const commands: Record<keyof typeof NEXT, string[][]> = {
    recover: [['recover']],
    'pin, recover': [['pin', attempt.before], ['recover'], ['unpin', attempt.before]],
    update: [update === null ? ['recover'] : ['update', update, '--settle', '0.2']],
    'status, recover': [['status'], ['recover']],
  };
  for (const command of commands[next]) {
    const { exitCode, stdout } = await arena.command(...command);
    if (exitCode !== 0) throw new Broken([`"${command.join(' ')}" ended with ${exitCode}: ${stdout}`]);
  }
  const change = arena.changeTo(attempt.to, known);
  const verified = change?.status === 'package_updated_restart_verified';
  if (verified) arena.proven.add(attempt.to);
  if (update !== null) arena.proven.add(update);
  if (update !== null) return update;
  return verified ? attempt.to : attempt.before;
}

function outcomeOf(change: Change | null, found: Change | null, exitCode: number): Outcome['how'] {
  if (change === null) return exitCode === 3 ? 'refused' : 'never begun';
  const verified = change.status === 'package_updated_restart_verified';
  const byItself = exitCode >= 0 || (found !== null && found.endedAt !== null);
  if (byItself) return verified ? 'finished' : 'failed';
  return verified ? 'resumed' : 'undone';
}
